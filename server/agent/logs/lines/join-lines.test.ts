import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLineJoiner, flushLines, type JoinedLines, joinLines, type StreamLine } from "./join-lines.ts";

const streamOf = (text: string): StreamLine[] => text.split("\n").map((line) => ({ text: line, atMs: 1_000 }));
const eventsOf = (lines: readonly StreamLine[]): JoinedLines[] => {
  const joiner = createLineJoiner();
  return [...joinLines(joiner, lines), ...flushLines(joiner, Number.POSITIVE_INFINITY)];
};

const JAVA = `2026-11-25 10:00:00,123 ERROR [main] com.shop.Cart: cannot add
com.shop.CartException: full
	at com.shop.Cart.add(Cart.java:10)
Caused by: java.lang.IllegalStateException: too much
	at com.shop.Shelf.take(Shelf.java:3)
	... 12 more`;
const PYTHON = `ERROR:root:failed
Traceback (most recent call last):
  File "a.py", line 1, in <module>
    1 / 0
ZeroDivisionError: division by zero

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 3, in <module>
    raise KeyError("x")
KeyError: 'x'`;
const GO = `panic: runtime error: index out of range [3] with length 3

goroutine 1 [running]:
main.(*Cart).add(0xc000012345, {0x1, 0x2})
	/app/main.go:12 +0x1d
created by main.main in goroutine 7
	/app/main.go:5 +0x40
exit status 2`;
const NODE = `/app/cart.js:10
throw new Error("full");
^

Error: full
    at add (/app/cart.js:10:7) {
  code: 'E_FULL'
}

Node.js v24.1.0`;
const DOTNET = `fail: Shop.Cart[0]
      cannot add
      System.InvalidOperationException: full
         at Shop.Cart.Add() in /app/Cart.cs:line 10
      --- End of stack trace from previous location ---`;
const RUST = `thread 'main' panicked at src/main.rs:2:5:
index out of bounds
stack backtrace:
   0: rust_begin_unwind
             at /rustc/library/std/src/panicking.rs:5
note: run with \`RUST_BACKTRACE=full\` for a verbose backtrace.`;
const RUBY = `cart.rb:3:in 'Cart#add': full (RuntimeError)
	from cart.rb:9:in '<main>'`;
const PHP = `PHP Fatal error:  Uncaught Exception: full in /app/cart.php:3
Stack trace:
#0 /app/cart.php(9): add()
#1 {main}
  thrown in /app/cart.php on line 3`;
const GO_SERVER = `2026/11/25 10:00:00 http: panic serving 127.0.0.1:5: full
goroutine 35 [running]:
net/http.(*conn).serve.func1()
	/usr/lib/go/server.go:1 +0xb0`;
const NESTED_DATA = `2026-11-25T10:00:00Z INFO settings {
  "a": 1
}`;
const JAVA_BARE = `com.shop.CartException: full
	at com.shop.Cart.add(Cart.java:10)`;
const PYTHON_BARE = `Traceback (most recent call last):
  File "a.py", line 1, in <module>
shop.CartError: full`;
const TRACES = { JAVA_BARE, PYTHON_BARE, JAVA, PYTHON, GO, NODE, DOTNET, RUST, RUBY, PHP, GO_SERVER, NESTED_DATA };

describe("one event", () => {
  it.each(Object.entries(TRACES))("is a trace of %s, among other lines", (_, trace) => {
    const found = eventsOf(streamOf(`starting\n${trace}\nstopped`)).map((event) => event.text);
    expect(found).toEqual(["starting", trace, "stopped"]);
  });

  it.each(Object.entries(TRACES))("is a trace of %s, twice in a row", (_, trace) => {
    expect(eventsOf(streamOf(`${trace}\n${trace}`)).map((event) => event.text)).toEqual([trace, trace]);
  });

  it("keeps the time at which it began", () => {
    const lines = [
      { text: "a", atMs: 1_000 },
      { text: "  b", atMs: 1_400 },
      { text: "c", atMs: 1_450 },
    ];
    expect(eventsOf(lines)).toEqual([
      { text: "a\n  b", atMs: 1_000 },
      { text: "c", atMs: 1_450 },
    ]);
  });
});

describe("events of their own", () => {
  it.each([
    ["plain lines", "one\ntwo\nthree"],
    ["JSON lines, and what comes after", '{"msg":"a"}\n  indented\n{"msg":"b"}\n}'],
    ["an indented line with its own time", "one\n  2026-11-25T10:00:00Z two"],
    ["a traceback below a line that did not fail", "hello\nTraceback (most recent call last):"],
    ["a traceback below a warning", "WARNING low\nTraceback (most recent call last):"],
    ["an exception below a line that did not fail", "hello\ncom.shop.CartException: full"],
    ["a ranking", "the winners\n#1 Ada"],
    ["log lines in the middle of a panic", "panic: full\n2026/11/25 10:00:00 still here"],
    ["what follows a traceback", "Traceback (most recent call last):\nhello\nyou"],
  ])("are %s", (_, text) => {
    expect(eventsOf(streamOf(text)).map((event) => event.text)).toEqual(text.split("\n"));
  });
});

describe("time", () => {
  it("ends an event half a second after its last line", () => {
    const joiner = createLineJoiner();
    expect(joinLines(joiner, [{ text: "a", atMs: 1_000 }])).toEqual([]);
    expect(flushLines(joiner, 1_499)).toEqual([]);
    expect(flushLines(joiner, 1_500)).toEqual([{ text: "a", atMs: 1_000 }]);
    expect(flushLines(joiner, 9_000)).toEqual([]);
    expect(joinLines(joiner, [{ text: "  b", atMs: 1_500 }])).toEqual([]);
    expect(joinLines(joiner, [{ text: "  c", atMs: 2_000 }])).toEqual([{ text: "  b", atMs: 1_500 }]);
  });

  it("does not wait for a line of JSON", () => {
    expect(joinLines(createLineJoiner(), [{ text: '{"msg":"a"}', atMs: 1 }])).toEqual([
      { text: '{"msg":"a"}', atMs: 1 },
    ]);
  });
});

it("bounds an event, and goes on with the next", () => {
  const frames = Array.from({ length: 1_200 }, (_, i) => `\tat f${i}`);
  const events = eventsOf(streamOf(["java.lang.StackOverflowError", ...frames].join("\n")));
  expect(events.map((event) => event.text.split("\n").length)).toEqual([500, 500, 201]);
  const wide = eventsOf(streamOf(["a", ...Array.from({ length: 10 }, () => ` ${"x".repeat(30_000)}`)].join("\n")));
  expect(Math.max(...wide.map((event) => event.text.length))).toBeLessThanOrEqual(65_536);
  expect(wide).toHaveLength(5);
});

describe("whatever the lines, their times, and how they are cut into chunks", () => {
  const line = fc.oneof(
    fc.constantFrom(...Object.values(TRACES).flatMap((trace) => trace.split("\n")), "", "  x", '{"a":1}'),
    fc.string({ maxLength: 20 }).map((text) => text.replaceAll("\n", " ")),
  );
  const stream = fc.array(fc.record({ text: line, gap: fc.constantFrom(0, 0, 0, 100, 499, 500, 2_000) }), {
    maxLength: 60,
  });
  const timed = (given: readonly { text: string; gap: number }[]): StreamLine[] => {
    let atMs = 1_000;
    return given.map(({ text, gap }) => {
      atMs += gap;
      return { text, atMs };
    });
  };

  it("no line is lost and the order is kept", () => {
    fc.assert(
      fc.property(stream, (given) => {
        const lines = timed(given);
        const found = eventsOf(lines).flatMap((event) => event.text.split("\n"));
        expect(found).toEqual(lines.map((one) => one.text));
      }),
    );
  });

  it("the events are the same", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (given, cuts) => {
        const lines = timed(given);
        const joiner = createLineJoiner();
        const found: JoinedLines[] = [];
        let chunk: StreamLine[] = [];
        for (const [i, one] of lines.entries()) {
          chunk.push(one);
          if (!cuts[i]) continue;
          found.push(...joinLines(joiner, chunk));
          chunk = [];
          // the stream is looked at until the next line comes
          found.push(...flushLines(joiner, lines[i + 1]?.atMs ?? one.atMs));
        }
        found.push(...joinLines(joiner, chunk), ...flushLines(joiner, Number.POSITIVE_INFINITY));
        expect(found).toEqual(eventsOf(lines));
      }),
    );
  });
});
