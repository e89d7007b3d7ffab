import { describe, expect, it } from "vitest";
import { describeExit, stopNote, tellingLine } from "./exit-reason.ts";

describe("the line that says most", () => {
  it.each([
    {
      name: "a stack of Node",
      lines: [
        "node:events:497",
        "      throw er; // Unhandled 'error' event",
        "      ^",
        "Error: listen EADDRINUSE: address already in use 127.0.0.1:4000",
        "    at Server.setupListenHandle [as _listen2] (node:net:1939:16)",
        "Emitted 'error' event on Server instance at:",
        "  code: 'EADDRINUSE',",
        "}",
        "Node.js v24.1.0",
      ],
      said: "Error: listen EADDRINUSE: address already in use 127.0.0.1:4000",
    },
    {
      name: "a traceback of Python",
      lines: [
        "Traceback (most recent call last):",
        '  File "x.py", line 1',
        "OSError: [Errno 98] Address already in use",
      ],
      said: "OSError: [Errno 98] Address already in use",
    },
    {
      name: "a stack of Java",
      lines: ['Exception in thread "main" java.net.BindException: Address in use', "\tat java.base/sun.nio"],
      said: 'Exception in thread "main" java.net.BindException: Address in use',
    },
    {
      name: "a panic of Go",
      lines: ["panic: no configuration", "goroutine 1 [running]:", "main.main()", "\t/app/main.go:3"],
      said: "panic: no configuration",
    },
    { name: "a line of JSON", lines: ['{"level":60,"msg":"no space left"}'], said: "no space left" },
    { name: "plain words", lines: ["reading settings", "no configuration"], said: "no configuration" },
    { name: "nothing", lines: [], said: null },
  ])("of $name", ({ lines, said }) => {
    expect(tellingLine(lines)).toBe(said);
  });
});

it.each([
  [
    { exit: { code: 3, signal: null }, ranForMs: 1_234, said: "boom", diskFull: false },
    "exited with code 3 after 1.2 s: boom",
  ],
  [
    { exit: { code: null, signal: "SIGKILL" as const }, ranForMs: 61_000, said: null, diskFull: false },
    "was ended by SIGKILL after 61 s",
  ],
  [
    { exit: null, ranForMs: 10, said: null, diskFull: true },
    "ended after 0.0 s (the disk that holds its logs is full)",
  ],
])("says how a process ended: %#", (ended, words) => {
  expect(describeExit(ended)).toBe(words);
});

it.each([
  [{ killedAfterMs: null, leftInFlight: 0 }, null],
  [{ killedAfterMs: 1_500, leftInFlight: 0 }, "it did not end within 1.5 s of SIGTERM and was killed"],
  [{ killedAfterMs: null, leftInFlight: 1 }, "1 request or connection was still open after the time to drain"],
  [
    { killedAfterMs: 2_000, leftInFlight: 3 },
    "3 requests or connections were still open after the time to drain; it did not end within 2 s of SIGTERM and was killed",
  ],
])("says what went wrong with a stop: %#", (stop, words) => {
  expect(stopNote(stop)).toBe(words);
});
