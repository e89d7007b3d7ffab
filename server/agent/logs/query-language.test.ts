import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpuMsOf } from "#server/testing/cpu-time.ts";
import { matches } from "#server/testing/match-line.ts";
import { AppError } from "../kernel/errors.ts";
import type { LogFilter, LogLineRecord, LogTerm } from "../ports/log-source.ts";
import { LOG_LEVELS, severityOfLevel } from "../ports/telemetry.ts";
import { formatQuery, parseQuery } from "./query-language.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const text = (value: string, negated = false): LogTerm => ({ kind: "text", value, negated });
const field = (name: string, value: string, negated = false): LogTerm => ({
  kind: "field",
  field: name,
  value,
  negated,
});

const refusalOf = (query: string): AppError => {
  try {
    parseQuery(query);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error(`${query} was not refused`);
};

describe("a query", () => {
  it.each<[string, LogFilter]>([
    ["", { terms: [] }],
    ["  payment   refused ", { terms: [text("payment"), text("refused")] }],
    ['"payment refused" -timeout', { terms: [text("payment refused"), text("timeout", true)] }],
    ['-"say \\"no\\" \\\\ \\n"', { terms: [text('say "no" \\ \\n', true)] }],
    ["http.status:500", { terms: [field("http.status", "500")] }],
    ['user:"Ada L" -path:/api/*', { terms: [field("user", "Ada L"), field("path", "/api/*", true)] }],
    ["level:warn", { minSeverity: 13, terms: [] }],
    ["level:WARNING severity:warn", { minSeverity: 13, terms: [] }],
    [
      "service:cart env:prod version:1.2 instance:a-1",
      { service: "cart", environment: "prod", version: "1.2", instance: "a-1", terms: [] },
    ],
    ['service:""', { service: "", terms: [] }],
    ["service:c* -env:prod", { terms: [field("service", "c*"), field("environment", "prod", true)] }],
    [`trace:${TRACE.toUpperCase()}`, { traceId: TRACE, terms: [] }],
    [`-trace:${TRACE} trace_id:4bf9*`, { terms: [field("trace", TRACE, true), field("trace", "4bf9*")] }],
    ["pattern:12", { patternId: "12", terms: [] }],
    [
      "https://shop/cart std::vector 10:00:00 a->b List<String> x=1 and or main() -5 --",
      {
        terms: ["https://shop/cart", "std::vector", "10:00:00", "a->b", "List<String>", "x=1", "and", "or", "main()"]
          .map((word) => text(word))
          .concat([text("5", true), text("-", true)]),
      },
    ],
    ['"AND" "(a|b)" "/x.*/" "a*"', { terms: [text("AND"), text("(a|b)"), text("/x.*/"), text("a*")] }],
    ["/api/v1.2/orders/", { terms: [text("/api/v1.2/orders/")] }],
    ["constructor:x", { terms: [field("constructor", "x")] }],
    ["größe:1 größe", { terms: [text("größe:1"), text("größe")] }],
  ])("%s", (query, filter) => {
    expect(parseQuery(query)).toEqual(filter);
  });
});

describe("a query that cannot be read is explained at its column", () => {
  it.each([
    ['level:warn "open', 12, 5, 'Column 12: the quote that begins here is not closed. Add a " at the end.'],
    ['a:"x"y', 6, 1, 'Column 6: the quote has ended here. Put a space behind it, or write \\" for a quote inside.'],
    [
      "cart user: x",
      6,
      5,
      'Column 6: "user:" has no value. Put one directly behind the colon, or quote it to search for it: "user:".',
    ],
    ["-user:", 2, 5, 'Column 2: "user:" has no value.'],
    ["a - b", 3, 1, 'Column 3: a minus stands alone. Put it directly before a condition, or quote it: "-".'],
    [
      "x level:loud",
      3,
      10,
      'Column 3: "loud" is not a level. Write one of trace, debug, info, warn, error, fatal: it and worse are shown.',
    ],
    ["-level:info", 1, 11, "Column 1: a level cannot be left out."],
    ["level:=warn", 1, 11, 'Column 1: "=warn" is not a level.'],
    [
      "a AND b",
      3,
      3,
      'Column 3: "AND" is not needed: all conditions must hold anyway. Leave it out, or quote it to search for it.',
    ],
    ["a OR b", 3, 2, 'Column 3: "OR" is not available: all conditions must hold.'],
    ["a || b", 3, 2, 'Column 3: "||" is not available'],
    ["NOT a", 1, 3, 'Column 1: "NOT" is written as a minus here. Put - directly before the condition: -timeout.'],
    ["!a", 1, 2, 'Column 1: "!" is written as a minus here.'],
    ["x (a b)", 3, 2, "Column 3: parentheses are not available: all conditions must hold."],
    ["/time.*out/", 1, 11, "Column 1: regular expressions are not available."],
    ["path:/a|b/", 6, 5, "Column 6: regular expressions are not available."],
    ["ms:>500", 4, 4, "Column 4: comparisons are not available: a field is compared as text."],
    ["ms > 500", 4, 1, "Column 4: comparisons are not available"],
    ["ms>=500", 1, 7, "Column 1: comparisons are not available"],
    ['app=~"x.*"', 1, 10, "Column 1: comparisons are not available"],
    ['|="x"', 1, 5, "Column 1: this is LogQL."],
    ["time*out", 1, 8, "Column 1: * works in a field's value only. Leave it out: a word is found anywhere in a line."],
    ['""', 1, 2, "Column 1: the quotes are empty."],
    ["trace:12", 1, 8, "Column 1: this is not a trace id. It has 32 hexadecimal digits, or * for any of them."],
    ["-pattern:1", 1, 10, "Column 1: a pattern is picked by its id."],
    [
      "service:a service:b",
      11,
      9,
      'Column 11: "service:" was given before with another value. No line has both: leave one out.',
    ],
    ["a\0b", 2, 1, "Column 2: no line holds a NUL."],
    ["x".repeat(1_001), 1_001, 1, "Column 1001: a query has 1000 characters at most."],
    ["x ".repeat(33), 65, 1, "Column 65: a query has 32 conditions at most."],
  ])("%s", (query, column, length, message) => {
    const { code, details, message: given } = refusalOf(query);
    expect(given.startsWith(message), given).toBe(true);
    expect(code).toBe("INVALID");
    expect(details).toEqual({ column, length, expected: expect.stringMatching(/\.$/) });
    expect(given.endsWith(String(details?.expected))).toBe(true);
  });

  it("never throws anything else, and points inside of the query", () => {
    const pieces = fc.oneof(
      fc.constantFrom("-", '"', ":", "*", " ", "level:", "\\", "/", "(", "OR", "a"),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const query = parts.join("");
        try {
          parseQuery(query);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
          const { column, length } = (error as AppError).details as { column: number; length: number };
          expect(column).toBeGreaterThanOrEqual(1);
          expect(length).toBeGreaterThanOrEqual(1);
          expect(column - 1 + length).toBeLessThanOrEqual(query.length);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("formatQuery", () => {
  const value = fc
    .oneof(
      fc.string({ minLength: 1, maxLength: 12, unit: "binary" }),
      fc.constantFrom("OR", "//x", ":x", "/a*b/", "-a", '"', "\\", ">5", "a b", "(", "*"),
    )
    .map((given) => given.replaceAll("\0", "0").toWellFormed());
  const exact = value.map((given) => given.replaceAll("*", "x"));
  const reserved = /^(?:service|environment|env|version|instance|trace|traceid|trace_id|level|severity|pattern)$/i;
  const name = fc.stringMatching(/^[A-Za-z_@][\w.@/$-]{0,10}$/).filter((given) => !reserved.test(given));
  const term: fc.Arbitrary<LogTerm> = fc.oneof(
    fc.record({ kind: fc.constant("text" as const), value, negated: fc.boolean() }),
    fc.record({ kind: fc.constant("field" as const), field: name, value, negated: fc.boolean() }),
    fc.record({
      kind: fc.constant("field" as const),
      field: fc.constantFrom("service", "version"),
      value,
      negated: fc.constant(true),
    }),
    fc.constant(field("trace", TRACE, true)),
  );
  const filter = fc.record(
    {
      ...{ service: exact, environment: exact, version: exact, instance: exact, patternId: exact },
      traceId: fc.constant(TRACE),
      minSeverity: fc.constantFrom(...LOG_LEVELS).map(severityOfLevel),
      terms: fc.array(term, { maxLength: 8 }),
    },
    { requiredKeys: ["terms"] },
  );

  it("writes what parseQuery reads back as the same", () => {
    fc.assert(
      fc.property(filter, (given) => {
        expect(parseQuery(formatQuery(given))).toEqual(given);
      }),
      { numRuns: 3_000 },
    );
  });

  it("quotes no more than it has to", () => {
    const filled: LogFilter = {
      service: "cart",
      minSeverity: 17,
      terms: [text("a b"), text("refused", true), field("path", "/api/*")],
    };
    expect(formatQuery(filled)).toBe('service:cart level:error "a b" -refused path:/api/*');
  });
});

describe("matches", () => {
  const line: LogLineRecord = {
    ...{
      id: "1",
      at: "2026-11-25T10:00:00.000000Z",
      service: "cart",
      environment: "prod",
      version: "1.2",
      instance: "a-1",
    },
    ...{ level: "warn", body: "Payment refused by bank\nat pay()", traceId: TRACE, spanId: null, patternId: "12" },
    attributes: {
      http: { status: 502, path: "/api/pay" },
      "http.method": "GET",
      ok: false,
      nothing: null,
      tags: ["a", "b"],
      list: [{ id: 7 }],
    },
  };

  it.each([
    ["", true],
    ["payment BANK", true],
    ["payment -bank", false],
    ['"refused by"', true],
    ['"by refused"', false],
    ["service:cart env:prod version:1.2 instance:a-1", true],
    ["service:pay", false],
    ["service:c*t -version:2*", true],
    ["level:info", true],
    ["level:warn", true],
    ["level:error", false],
    [`trace:${TRACE}`, true],
    ["trace:4bf9*", true],
    [`-trace:${TRACE}`, false],
    ["pattern:12", true],
    ["pattern:13", false],
    ["http.status:502", true],
    ["http.status:5*", true],
    ["http.path:/api/*", true],
    ["http.path:/API/*", false],
    ["http.method:GET", true],
    ["ok:false", true],
    ["nothing:*", false],
    ["-nothing:null", true],
    ["tags:b", true],
    ["list.id:7", true],
    ["missing:x", false],
    ["-missing:x", true],
    ["__proto__:*", false],
    ["http:*", true],
  ])("%s: %s", (query, held) => {
    expect(matches(parseQuery(query), line)).toBe(held);
  });

  it("knows no level where there is none", () => {
    expect(matches(parseQuery("level:trace"), { ...line, level: null })).toBe(false);
  });

  it("does not slow down on many stars", () => {
    const slow = { ...line, attributes: { a: "a".repeat(4_000) } };
    const query = parseQuery(`a:${"a*".repeat(400)}b`);
    expect(cpuMsOf(() => expect(matches(query, slow)).toBe(false))).toBeLessThan(250);
  });

  it("lets a condition and its opposite never hold together, nor both fail", () => {
    const words = fc.constantFrom("pay", "http.status:5*", "service:c*", "tags:a", "none:x", "-pay");
    fc.assert(
      fc.property(words, (query) => {
        const { terms } = parseQuery(query);
        const opposite = terms.map((term) => ({ ...term, negated: !term.negated }));
        expect(matches({ terms: opposite }, line)).toBe(!matches({ terms }, line));
      }),
    );
  });
});
