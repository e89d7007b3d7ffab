import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError, toAppError } from "../agent/kernel/errors.ts";
import { statusOf } from "../http-status.ts";
import { isHttps, stampClientAddress } from "./client-address.ts";
import { checkHostOf, type OriginRules } from "./origin.ts";
import type { Environment } from "./settings.ts";

const HALF_A_YEAR_SECONDS = 15_552_000;

/** of a path; the longest of ours are batches of 20 calls */
const LONGEST_PATH = 4_000;

/**
 * A path that every handler behind can decode and look up. @throws INVALID saying what is wrong and where
 */
function checkPath({ url = "/" }: IncomingMessage): void {
  const [path = ""] = url.split(/[?#]/, 1);
  if (path.length > LONGEST_PATH)
    throw new AppError("INVALID", `The path has ${path.length} characters. At most ${LONGEST_PATH} are read.`);
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch (cause) {
    const at = path.search(/%(?![0-9a-f]{2})/i);
    const where = at < 0 ? "" : ` (character ${at + 1})`;
    throw new AppError(
      "INVALID",
      `The path is not valid${where}: % must be followed by two hex digits of UTF-8. Write a percent sign as %25.`,
      {
        cause,
      },
    );
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(decoded))
    throw new AppError("INVALID", "The path holds a control character. No page and no route has one in its path.");
}

/**
 * What every request passes before any handler, whatever its route: the Host check, a path that can be decoded, the
 * client's address, and HSTS where the console is opened over https. True when it was refused and answered here.
 */
export function rejectRequest(
  request: IncomingMessage,
  response: ServerResponse,
  options: { env?: Environment; rules?: OriginRules } = {},
): boolean {
  const { env = process.env, rules } = options;
  stampClientAddress(request, env);
  if (isHttps(request, env)) response.setHeader("strict-transport-security", `max-age=${HALF_A_YEAR_SECONDS}`);
  try {
    checkHostOf(request, rules);
    checkPath(request);
    return false;
  } catch (error) {
    const refusal = toAppError(error);
    const { code, message } = refusal;
    response.writeHead(statusOf(refusal), {
      ...{ "content-type": "application/json", "cache-control": "no-store", "x-content-type-options": "nosniff" },
      connection: "close",
    });
    response.end(JSON.stringify({ code, message }));
    return true;
  }
}
