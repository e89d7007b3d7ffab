import type { IncomingMessage, ServerResponse } from "node:http";
import { toAppError } from "../agent/kernel/errors.ts";
import { isHttps, stampClientAddress } from "./client-address.ts";
import { checkHostOf, type OriginRules } from "./origin.ts";
import type { Environment } from "./settings.ts";

const HALF_A_YEAR_SECONDS = 15_552_000;

/**
 * What every request passes before any handler, whatever its route: the Host check, the client's address, and HSTS
 * where the console is opened over https. True when it was refused and answered here.
 */
export function turnedAway(
  request: IncomingMessage,
  response: ServerResponse,
  options: { env?: Environment; rules?: OriginRules } = {},
): boolean {
  const { env = process.env, rules } = options;
  stampClientAddress(request, env);
  if (isHttps(request, env)) response.setHeader("strict-transport-security", `max-age=${HALF_A_YEAR_SECONDS}`);
  try {
    checkHostOf(request, rules);
    return false;
  } catch (error) {
    const { code, message } = toAppError(error);
    response.writeHead(code === "INVALID" ? 400 : 403, {
      ...{ "content-type": "application/json", "cache-control": "no-store", "x-content-type-options": "nosniff" },
      connection: "close",
    });
    response.end(JSON.stringify({ code, message }));
    return true;
  }
}
