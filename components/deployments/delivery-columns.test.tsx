import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { Rated } from "./delivery-columns.tsx";

it.each(["elite", "high", "medium", "low"] as const)(
  "a grade is named as one, and never reads as an amount: %s",
  (rating) => {
    const html = renderToStaticMarkup(<Rated value="100 %" rating={rating} base="1 of 1 change" />);
    expect(
      html
        .replaceAll(/<[^>]*>/g, " ")
        .replaceAll(/\s+/g, " ")
        .trim(),
    ).toBe(`100 % DORA: ${rating} performer 1 of 1 change`);
  },
);
