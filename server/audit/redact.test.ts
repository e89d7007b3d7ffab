import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cpuMsOf } from "#server/testing/cpu-time.ts";
import { isSecretKey, scrubText, storable } from "./redact.ts";

describe("keys that say secret", () => {
  test.each(
    "password passwordHash newPassword DB_PASSWORD client_secret clientSecret token accessToken Authorization set-cookie cookie apiKey api_key x-api-key privateKey key credentials jwt".split(
      " ",
    ),
  )("%s", (key) => expect(isSecretKey(key)).toBe(true));
  test.each(
    "tokenId tokenPrefix token_name passwordChangedAt name idempotencyKey activeKey keyboard monkey role secretary email".split(
      " ",
    ),
  )("%s is not one", (key) => expect(isSecretKey(key)).toBe(false));
});

test.each([
  ["used opk_abcdefghijklmnop-QRST today", "used opk_[redacted] today"],
  ["TOKEN=opi_WyJzIiwicHJvZCIsImkiXQ.c2lnbmF0dXJl-_x, PORT=1", "TOKEN=opi_[redacted], PORT=1"],
  ["authorization=Bearer%20abc.def-ghi,x=1", "authorization=Bearer%20[redacted],x=1"],
  ["\u001b[32mBearer abc.def-ghi", "\u001b[32mBearer [redacted]"],
  ["Authorization: Bearer abc.def-ghi", "Authorization: Bearer [redacted]"],
  ["postgres://ops:s3cret@db:5432/x", "postgres://ops:[redacted]@db:5432/x"],
  ["GET /setup?token=abc&x=1", "GET /setup?token=[redacted]&x=1"],
  ["https://example.com:8080/a@b", "https://example.com:8080/a@b"],
  ["a\u0000b", "a\ufffdb"],
  ["Basic authentication failed", "Basic authentication failed"],
  ["basic configuration; bearer certificates.", "basic configuration; bearer certificates."],
  ["Bearer authentication-9f", "Bearer [redacted]"],
  ["bearer authentication.sunshine", "bearer [redacted]"],
  ["BASIC sunshine", "BASIC [redacted]"],
])("%s", (text, expected) => expect(scrubText(text)).toBe(expected));

test("redacts at every depth, in lists too, and keeps what only looks similar", () => {
  const given = {
    name: "checkout",
    env: [{ DB_PASSWORD: "hunter2hunter2", PORT: 1 }],
    auth: { nested: { apiKey: { value: "hunter2hunter2" } } },
    secret: null,
    mustChangePassword: true,
    tokenId: "tok_1",
  };
  expect(storable(given)).toEqual({
    name: "checkout",
    env: [{ DB_PASSWORD: "[redacted]", PORT: 1 }],
    auth: { nested: { apiKey: "[redacted]" } },
    secret: null,
    mustChangePassword: true,
    tokenId: "tok_1",
  });
});

test("what stands in the place of an e-mail address and is none is not kept: it may be a password", () => {
  const typed = "Tr0ub4dor&3-mine";
  const given = [
    { email: typed, name: "Ada" },
    { user: { eMail: typed }, "e-mail": [typed, "ada@example.com"], user_email_address: { [typed]: 1 } },
    { email: " Ada@example.com", emailVerified: true, mailbox: "kept" },
  ];
  expect(JSON.stringify(storable(given))).not.toContain(typed);
  expect(storable(given)).toMatchObject([
    { email: "[no e-mail address]", name: "Ada" },
    { "e-mail": ["[no e-mail address]", "ada@example.com"] },
    { email: " Ada@example.com", emailVerified: true, mailbox: "kept" },
  ]);
});

test("dates, big numbers, functions, cycles and what JSON has no word for", () => {
  const cycle: Record<string, unknown> = {
    at: new Date("2026-11-22T00:00:00Z"),
    big: 12n,
    gone: undefined,
    run: () => 1,
  };
  cycle.self = cycle;
  expect(storable(cycle)).toEqual({ at: "2026-11-22T00:00:00.000Z", big: "12", self: "…" });
  expect(storable([Number.NaN, new Date(Number.NaN), undefined])).toEqual(["NaN", null, null]);
});

test("long texts and lists are cut and say so; what is still too large keeps its start", () => {
  expect(storable({ text: "x".repeat(5_000) })).toEqual({ text: `${"x".repeat(4_000)}… (5000 characters)` });
  const many = storable(Array.from({ length: 250 }, (_, i) => i)) as unknown[];
  expect(many).toHaveLength(201);
  expect(many.at(-1)).toBe("… (50 more)");
  const large = storable(Array.from({ length: 100 }, () => ({ password: "hunter2", text: "é".repeat(500) }))) as {
    cut: boolean;
    bytes: number;
  };
  expect(large).toMatchObject({ cut: true, start: expect.stringMatching(/^\[\{"password":"\[redacted\]"/) });
  expect(large.bytes).toBeGreaterThan(100_000);
});

test("a secret at the place where a text is cut is not shown in part, however much was redacted before it", () => {
  for (let before = 7_900; before < 8_200; before += 23) {
    const text = `${`Bearer ${"s".repeat(1_000)} `.repeat(8).slice(0, before)} https://u:${"hunter2".repeat(40)}@h/`;
    expect(JSON.stringify(storable({ text: `${text}${"x".repeat(9_000)}` }))).not.toContain("hunter2");
  }
});

const SHAPES = {
  ...{ scheme: "a.", address: "a://b:c", query: "?a-", queries: "?token", header: "bearer ", blanks: "basic    " },
  ...{ percent: "%c3%80", escapes: "\\u00", entities: "&amp;amp;", colour: "\u001b[0", token: "opk_", cut: "opk_Ab1-" },
  ...{ base64: "b3BrX", digits: "Ab3/", hex: "6f706b5f", addresses: "a@b.", keys: "aA" },
};
test.each(Object.entries(SHAPES))("a refused write of a megabyte costs no time: %s", (_, unit) => {
  const text = unit.repeat(2 ** 20 / unit.length);
  expect(cpuMsOf(() => storable({ title: text, [text]: { email: text } }))).toBeLessThan(10_000);
});

test("whatever is given: at most 16 KB of JSON, no NUL, no broken surrogate, no planted secret", () => {
  const value = fc.anything({ withDate: true, withBigInt: true, withNullPrototype: true, maxDepth: 4 });
  fc.assert(
    fc.property(value, fc.string({ unit: "binary", maxLength: 6_000 }), (anything, text) => {
      const json = JSON.stringify(storable({ anything, text, password: "planted secret" }));
      expect(Buffer.byteLength(json)).toBeLessThanOrEqual(16_384);
      expect(json).not.toMatch(/\\u0000|planted secret/);
      expect(JSON.parse(json).text?.isWellFormed() ?? true).toBe(true);
    }),
    { numRuns: 200 },
  );
});
