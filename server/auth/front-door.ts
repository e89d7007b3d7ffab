import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError, toAppError } from "../agent/kernel/errors.ts";
import { isHttps, stampClientAddress } from "./client-address.ts";
import { checkHostOf, type OriginRules } from "./origin.ts";
import type { Environment } from "./settings.ts";

const HALF_A_YEAR_SECONDS = 15_552_000;

/**
 * What every request passes before any handler, whatever its route: the Host check, a path that can be decoded, the
 * client's address, and HSTS where the console is opened over https. True when it was refused and answered here.
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
    checkPathOf(request);
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

/** Routers answer such a path with a 500 that blames the server. */
function checkPathOf({ url = "/" }: IncomingMessage): void {
  try {
    decodeURIComponent(url.split("?", 1)[0] ?? "");
  } catch (cause) {
    throw new AppError(
      "INVALID",
      "The path holds a percent sign that is not followed by two hex digits of UTF-8. Write a percent sign as %25.",
      { cause },
    );
  }
}
