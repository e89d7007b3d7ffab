import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { postJson } from "./auth-request.ts";

it.each([
  [429, "text/plain", "slow down", /refused.* in 9 s/],
  [500, "text/plain", "Internal Server Error", /answered with an error \(HTTP 500\)/],
  [429, "application/json", '{"message":"Too many attempts."}', /^Too many attempts\.$/],
])("says what an answer of %s in %s means", async (status, type, body, message) => {
  const server = createServer((_request, response) => {
    response.writeHead(status, { "content-type": type, "retry-after": "9" });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  expect((await postJson(`http://127.0.0.1:${port}/`, {}))?.message).toMatch(message);
  server.close();
});
