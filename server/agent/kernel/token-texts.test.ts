import { expect, test } from "vitest";
import { instanceToken } from "./instance-token.ts";
import { dataWithoutTokens, withoutTokens } from "./token-texts.ts";

const instance = instanceToken("a secret", { service: "shop", environment: "production", instance: "inst_1" });
const person = "opk_abcdefghijklmnop-QRST_uvwxyz0123456789";

test.each([instance, person])("no text shows a token: %s", (token) => {
  const basic = Buffer.from(`user:${token}`).toString("base64");
  for (const text of [
    `OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer ${token}`,
    `{"env":{"TOKEN":"${token}"}}`,
    `x_${token}, y`,
    `Authorization: Basic ${basic}`,
  ]) {
    const shown = withoutTokens(text);
    expect(shown).not.toContain(token.slice(0, 20));
    expect(shown).not.toContain(token.slice(-20));
    expect(shown).not.toContain(basic);
    expect(shown).toContain("[redacted]");
  }
  const line = { body: `env: ${token}`, attributes: { [token]: [token], n: 1 } };
  expect(JSON.stringify(dataWithoutTokens(line))).not.toContain(token.slice(4, 30));
});

test("what only looks like one stays, and data without one is the same object", () => {
  for (const text of [
    "opk_short",
    "the prefix opi_ of a token",
    "basic configurationOfTheShop",
    "shop_k_abcdefghijklmnop",
  ])
    expect(withoutTokens(text)).toBe(text);
  const data = { body: "ordinary", attributes: { a: [1, "b"] } };
  expect(dataWithoutTokens(data)).toBe(data);
});
