import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createTRPCClient, httpBatchStreamLink, httpLink } from "@trpc/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AppRouter } from "#server/routers/index.ts";
import { describeError } from "./error-description.ts";
import { fetchAnswer } from "./fetch-answer.ts";
import { lostBy } from "./lost-connection.ts";

let answer = { status: 200, headers: {} as Record<string, string>, body: "" };
const server = createServer((_request, response) => {
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
});
let url = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

const TEXT = { "content-type": "text/plain" };
const JSON_TYPE = { "content-type": "application/json" };
const rows = [
  [429, { ...TEXT, "retry-after": "7" }, "slow down", "TOO_MANY_REQUESTS", /Too many requests.* in 7 s/, null],
  [429, TEXT, "", "TOO_MANY_REQUESTS", /in a moment/, null],
  [429, { ...JSON_TYPE, "retry-after": "2" }, '{"code":"RATE_LIMITED"}', "TOO_MANY_REQUESTS", /in 2 s/, null],
  [429, { ...TEXT, "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }, "", "TOO_MANY_REQUESTS", /in 1 s/, null],
  [500, TEXT, "Internal Server Error", "INTERNAL_SERVER_ERROR", /answered with an error \(HTTP 500\)/, null],
  [503, { ...TEXT, "retry-after": "3" }, "", "SERVICE_UNAVAILABLE", /HTTP 503.* in 3 s/, null],
  [403, { "content-type": "text/html" }, "<html>", "FOREIGN_ANSWER", /not Operate's \(HTTP 403\)/, null],
  [200, { "content-type": "text/html" }, "<html>sign in", "FOREIGN_ANSWER", /not Operate's \(HTTP 200\)/, null],
  [502, { "content-type": "text/html" }, "<html>", null, /proxy answered .*HTTP 502/, "connection"],
  [502, JSON_TYPE, "[]", null, /proxy answered .*HTTP 502/, "connection"],
  [401, JSON_TYPE, '{"error":"unauthorized"}', "FOREIGN_ANSWER", /not Operate's \(HTTP 401\)/, null],
  [403, JSON_TYPE, '{"error":{"code":403,"message":"no"}}', "FOREIGN_ANSWER", /not Operate's \(HTTP 403\)/, null],
  [503, JSON_TYPE, '[{"error":{"data":{}}}]', "SERVICE_UNAVAILABLE", /HTTP 503/, null],
  [500, JSON_TYPE, '[{"error":null}]', "INTERNAL_SERVER_ERROR", /HTTP 500/, null],
  [504, TEXT, "", null, /proxy answered .*HTTP 504/, "connection"],
] as const;

describe.each([
  ["batched", httpBatchStreamLink],
  ["alone", httpLink],
])("an answer that is not the API's, to a call that is %s", (_, link) => {
  const failure = () =>
    createTRPCClient<AppRouter>({ links: [link({ url, fetch: fetchAnswer })] })
      .session.me.query()
      .then(
        () => null,
        (error: unknown) => error,
      );

  it.each(rows)("%s %o %s", async (status, headers, body, code, message, cause) => {
    answer = { status, headers, body };
    const error = await failure();
    const described = describeError(error);
    expect(described).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(described.message).not.toContain("did not answer");
    const state = { status: "error", error, dataUpdatedAt: 7, errorUpdatedAt: 9 };
    expect(lostBy({ isActive: () => true, state })?.cause ?? null).toBe(cause);
  });

  it("leaves an error of the API as it is", async () => {
    const error = { message: "No.", code: -32_003, data: { code: "FORBIDDEN", requestId: "r1" } };
    answer = { status: 403, headers: JSON_TYPE, body: JSON.stringify({ error }) };
    expect(describeError(await failure())).toMatchObject({ code: "FORBIDDEN", message: "No.", requestId: "r1" });
  });
});
