import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { sendSnippets } from "./send-snippets.ts";

const addresses = { otlp: "/api/ingest", loki: "/loki/api/v1/push", remoteWrite: "/api/v1/write" };
const snippets = new Map(sendSnippets("https://operate.example.com", addresses).map((one) => [one.id, one.text]));

describe("what a sender is given", () => {
  it("names the address of the console everywhere, and a token to fill in", () => {
    for (const text of snippets.values()) {
      expect(text).toMatch(/https:\/\/operate\.example\.com\/(api|loki)\//);
      expect(text).toContain("opk_...");
    }
  });

  it("is three lines for OpenTelemetry", () => {
    expect(snippets.get("otel")?.split("\n")).toHaveLength(3);
  });

  it("is YAML where YAML is asked for", () => {
    expect(parse(snippets.get("promtail") ?? "")).toEqual({
      clients: [{ url: "https://operate.example.com/loki/api/v1/push", bearer_token: "opk_..." }],
    });
    expect(parse(snippets.get("prometheus") ?? "").remote_write[0].url).toBe(
      "https://operate.example.com/api/v1/write",
    );
  });

  it("is JSON in curl's body once the shell has put the time in", () => {
    const body = /-d '(.*)'$/
      .exec(snippets.get("curl") ?? "")?.[1]
      ?.replace("'$(date +%s)000000000'", "1764064800000000000");
    expect(JSON.parse(body ?? "")).toMatchObject({ streams: [{ stream: { service: "hello" } }] });
  });
});
