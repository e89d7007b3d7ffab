import { describe, expect, it } from "vitest";
import { sourceWords } from "./source-words.ts";

const asOf = "2026-11-25T10:00:00Z";
const now = Date.parse("2026-11-25T10:03:05Z");
const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("sourceWords", () => {
  it.each([
    [{ kind: "built-in", address: null, stale: false }, "built-in store"],
    [{ kind: "loki", address: "https://loki.example.com/prefix", stale: false }, "Loki at loki.example.com"],
    [{ kind: "prometheus", address: "http://prom:9090", stale: true }, "Prometheus at prom:9090, stale for 3 min 5 s"],
    [{ kind: "tempo", address: "not an address", stale: false }, "Tempo at not an address"],
  ] as const)("%j is %s", (source, words) => expect(plain(sourceWords({ ...source, asOf }, now))).toBe(words));
});
