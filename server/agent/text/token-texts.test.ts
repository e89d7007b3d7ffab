import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { confidentialStream } from "../kernel/confidential/confidential.ts";
import { instanceToken } from "../kernel/instance-token.ts";
import { dataWithoutTokens, withoutTokens } from "./token-texts.ts";

const instance = instanceToken("a secret", { service: "shop", environment: "production", instance: "inst_1" });
const person = `opk_${randomBytes(32).toString("base64url")}`;
const ingestSecret = `opi_${randomBytes(32).toString("base64url")}`;

const base64 = (text: string) => Buffer.from(text).toString("base64");
const hex = (text: string) => Buffer.from(text).toString("hex");
const everyCharacter = (text: string) => hex(text).replace(/../g, "%$&");
const WAYS: [string, (token: string) => string][] = [
  ["as a header", (token) => `Authorization: Bearer ${token}`],
  ["as an environment prints it", (token) => `HEADERS=authorization=${encodeURIComponent(`Bearer ${token}`)}`],
  ["percent-encoded twice", (token) => `authorization=Bearer%2520${token}`],
  ["in a query", (token) => `https://h/?a%3D${token}&b=1`],
  ["percent-encoded whole", everyCharacter],
  ["in colour", (token) => `\u001b[32m${token}\u001b[0m`],
  ["found by grep in colour", (token) => `\u001b[01;31m\u001b[Kop\u001b[m\u001b[K${token.slice(2)}`],
  ["colour in JSON", (token) => JSON.stringify(`\u001b[31m${token.slice(0, 4)}\u001b[0m${token.slice(4)}`)],
  ["JSON", (token) => JSON.stringify({ env: { TOKEN: token } })],
  ["JSON in JSON", (token) => JSON.stringify(JSON.stringify(`a\n${token}`))],
  ["JSON's escapes", (token) => token.replaceAll("_", "\\u005f")],
  ["glued to a word", (token) => `token${token}, y`],
  ["behind a digit", (token) => `x_0${token}`],
  ["basic authentication", (token) => `Basic ${base64(`user:${token}`)}`],
  ["basic authentication, percent-encoded", (token) => `=Basic%20${encodeURIComponent(base64(`u:${token}`))}`],
  ["basic authentication without a user", (token) => `Basic ${Buffer.from(token).toString("base64url")}`],
  ["base64 of a secret of Kubernetes", (token) => `token: ${base64(token)}`],
  ["base64 behind three bytes and more", (token) => base64(`ab:${token}\n`) + base64(`x${token}`)],
  ["hex", (token) => `\\x${hex(`a${token}`)}`],
  ["cut at its end", (token) => `Bearer ${token.slice(0, 34)}`],
];

test.each(WAYS)("no text shows a token: %s", (_, write) => {
  for (const token of [instance, person, ingestSecret]) {
    const written = write(token);
    const shown = withoutTokens(`100% of ${written} & more`);
    expect(shown).toContain("[redacted]");
    expect(shown).toMatch(/^100% of .* & more$/);
    expect(shown).not.toContain(token.slice(8, 20));
    expect(shown).not.toContain(token.slice(-20));
    expect(shown).not.toMatch(/[\w+/%\\-]{30,}/);
    expect(shown.length).toBeLessThan(120);
    const line = { body: `env: ${written}`, attributes: { [written]: [written], n: 1 } };
    expect(JSON.stringify(dataWithoutTokens(line)).length).toBeLessThan(360);
  }
});

test.each(WAYS)("no token passes in two pieces: %s", (_, write) => {
  for (const token of [instance, person]) {
    const text = `a ${write(token)} b\n`;
    for (let cut = 1; cut < text.length; cut += 3) {
      const stream = confidentialStream();
      const shown = stream.push(text.slice(0, cut)) + stream.push(text.slice(cut)) + stream.end();
      expect(shown).toBe(withoutTokens(text));
    }
  }
});

test("a token in an endless word passes in no two pieces, and the word is not waited for", () => {
  const stream = confidentialStream();
  let shown = "";
  for (const piece of ["x".repeat(9_000), person.slice(0, 20), `${person.slice(20)}${"/y".repeat(4_000)}`])
    shown += stream.push(piece);
  expect(shown.length).toBeGreaterThan(8_000);
  shown += stream.end();
  expect(shown).toBe(`${"x".repeat(9_000)}opk_[redacted]${"/y".repeat(4_000)}`);
});

test("what only looks like one stays, and data without one is the same object", () => {
  for (const text of [
    "opk_short",
    "the prefix opi_ of a token",
    "basic configurationOfTheShop",
    "shop_k_abcdefghijklmnop",
    "opi_order_latency_p50 opi_order_latency_p95",
    "opk_kernel_panics_total_of_every_node_in_the_cluster_by_rack",
    "opk-opi_orders-of-the-shop-in-production-of-europe-by-hour",
    "opi_OrderLatencyOfShop",
    "shop_opi_order_processing_seconds_bucket",
    `trace ${randomBytes(16).toString("hex")} of ${base64("an ordinary text with a top_k_of_all in it")}`,
  ])
    expect(withoutTokens(text)).toBe(text);
  const data = { body: "ordinary", attributes: { a: [1, "b"] } };
  expect(dataWithoutTokens(data)).toBe(data);
  const labels = { opi_order_latency_p50: "1", opi_order_latency_p95: "2", __name__: "opi_order_processing_total" };
  expect(dataWithoutTokens(labels)).toEqual(labels);
});
