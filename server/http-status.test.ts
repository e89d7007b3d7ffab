import { TRPCError } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import { expect, it } from "vitest";
import { AppError, ERROR_CODES } from "./agent/kernel/errors.ts";
import { INGEST_STATUS, MCP_STATUS, SIGN_IN_STATUS, statusOf } from "./http-status.ts";
import { BodyTooLarge } from "./limits/bounded-body.ts";
import { TRPC_CODE } from "./routers/trpc.ts";

it.each([undefined, INGEST_STATUS, MCP_STATUS, SIGN_IN_STATUS])("a body that is too large is 413: %j", (statuses) =>
  expect(statusOf(new BodyTooLarge(10), statuses)).toBe(413),
);

it.each(ERROR_CODES)("tRPC answers %s as every other route does", (code) => {
  const ofTrpc = getHTTPStatusCodeFromError(new TRPCError({ code: TRPC_CODE[code] }));
  // tRPC has 408 for what others call a gateway's timeout
  expect(ofTrpc === 408 ? 504 : ofTrpc).toBe(statusOf(new AppError(code, "no")));
});
