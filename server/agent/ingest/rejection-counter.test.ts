import { expect, it, vi } from "vitest";
import type { Rejection } from "../ports/telemetry.ts";
import { createRejectionCounter } from "./rejection-counter.ts";

const ci = { protocol: "otlp", name: "ci" };
const refusal = (reason: string, count = 1): Rejection => ({ reason, count, example: null });

it("counts what is refused for one reason together, writes it once a second, and keeps what cannot be written", async () => {
  vi.useFakeTimers();
  const noted: [string, string, number][] = [];
  const reported: string[] = [];
  let away = true;
  const noteRefusal = async (signal: string, _: object, rejected: readonly Rejection[]) => {
    if (away) throw new Error("away");
    for (const { reason, count } of rejected) noted.push([signal, reason, count]);
  };
  const book = createRejectionCounter({ noteRefusal }, (message) => reported.push(message));
  book.note("logs", ci, [refusal("too old", 2), refusal("no time")]);
  book.note("logs", ci, [refusal("too old", 3)]);
  book.note("traces", ci, [refusal("too old")]);
  await vi.advanceTimersByTimeAsync(2_500);
  expect([noted, reported.length]).toEqual([[], 1]);
  away = false;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(noted).toEqual([
    ["logs", "too old", 5],
    ["logs", "no time", 1],
    ["traces", "too old", 1],
  ]);
  book.note("metrics", ci, [refusal("at the end")]);
  await book.stop();
  expect(noted.at(-1)).toEqual(["metrics", "at the end", 1]);
  vi.useRealTimers();
});
