import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { VisibleText, withSigns } from "./visible-text.tsx";

describe("text of others", () => {
  it.each([
    ["pay\u202enow", "<bdi>payRLOnow</bdi>"],
    ["a\u200bb\u2066c\ufeff", "<bdi>aZWSPbLRIcBOM</bdi>"],
    ["bell\u0007 \u001b[31mred\u001b[0m", "<bdi>bell␇ red</bdi>"],
    ["<img src=x onerror=alert(1)>", "<bdi>&lt;img src=x onerror=alert(1)&gt;</bdi>"],
    ["two\nlines, Größe, 日本語, 👩‍💻", "<bdi>two\nlines, Größe, 日本語, 👩‍💻</bdi>"],
    [null, ""],
  ])("%j is shown with signs and isolated", (text, html) =>
    expect(renderToStaticMarkup(<VisibleText text={text} />)).toBe(html),
  );
  it("has signs where no element may stand", () => expect(withSigns("a\u202e")).toBe("aRLO"));
});

const ROOT = resolve(import.meta.dirname, "..");
/** rooms whose texts are our own words, or that show text of others by other safe means */
const OWN_WORDS = /^(ui|charts|feedback|layout|data-table|auth)\/|line-text\.tsx$|config-text\.tsx$/;
const NAME = "title|name|message|reason|summary|description|service|operation|host";
/** `{incident.title}` as a child of an element: after a tag, a text or the begin of a line, never an attribute's value */
const BARE_CHILD = new RegExp(`(?<![=$\\w(\\[])\\{(?:[a-zA-Z]+\\??\\.)+(?:${NAME})\\}`);
const isPlace = (line: string): boolean => BARE_CHILD.test(line) && !line.includes("`") && !/<option|<title/.test(line);

describe("components", () => {
  it("show names and messages by VisibleText", () => {
    const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" });
    const found = files
      .filter((file) => file.endsWith(".tsx") && !file.endsWith(".test.tsx") && !OWN_WORDS.test(file))
      .flatMap((file) =>
        readFileSync(join(ROOT, file), "utf8")
          .split("\n")
          .filter(isPlace)
          .map((line) => `${file}: ${line.trim()}`),
      );
    expect(found).toEqual([]);
  });
  it("would be found out", () => {
    expect(isPlace("          {incident.title}")).toBe(true);
    expect(isPlace("<b>{span?.name}</b>")).toBe(true);
    expect(isPlace("<VisibleText text={incident.title} />")).toBe(false);
  });
});
