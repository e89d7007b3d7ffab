import { AppError } from "../agent/kernel/errors.ts";
import { tooMuch } from "../limits/fair-gate.ts";
import { getAuth, OWN_LIMIT_HEADER } from "./better-auth.ts";
import { answerError, readBody } from "./http.ts";
import { checkOrigin } from "./origin.ts";
import { newRequestId, OWN_REQUEST_ID_HEADER, REQUEST_ID_HEADER } from "./request-id.ts";
import { signedSession } from "./session-cookie.ts";
import { type AttemptLimit, countAttempt } from "./sign-in/attempt-limit.ts";
import { deviceCookie, knownDevice } from "./sign-in/known-device.ts";
import { type AuthRuntime, emailOf } from "./sign-in/sign-in-hooks.ts";

/** The only endpoints of better-auth that are reachable; what an update adds stays shut. */
const ENDPOINTS: ReadonlySet<string> = new Set([
  "POST /api/auth/sign-in/email",
  "POST /api/auth/sign-out",
  "GET /api/auth/get-session",
  "POST /api/auth/change-password",
]);

const SIGN_IN = "/api/auth/sign-in/email";
/** of one session, right or wrong */
const CHANGES: AttemptLimit = { max: 10, windowMs: 60_000 };

function typedEmail(body: string | null): string | null {
  try {
    return emailOf(JSON.parse(body ?? "{}"));
  } catch {
    return null; // refused as no JSON by what comes next
  }
}

/**
 * Whether a request is counted by who sends it, and not by its address: a sign-in from a device known for the account,
 * and whatever carries a session. @throws RATE_LIMITED for a session that changes its password too often
 */
async function hasOwnLimit(runtime: AuthRuntime, { headers }: Request, pathname: string, body: string | null) {
  if (pathname === SIGN_IN) {
    const email = typedEmail(body);
    return email !== null && knownDevice(headers, email, runtime.now()) !== null;
  }
  const session = signedSession(headers.get("cookie"));
  if (session === null) return false;
  if (pathname === "/api/auth/change-password") {
    const { allowed, retryAfterMs } = await countAttempt(
      runtime.db,
      "change-password",
      session,
      CHANGES,
      runtime.now(),
    );
    if (!allowed) throw tooMuch("the password was changed or tried too often", Math.ceil(retryAfterMs / 1_000));
  }
  return true;
}

/** Everything under /api/auth. Errors are `{ code, message }`, as everywhere. */
export async function handleAuth(runtime: AuthRuntime, request: Request): Promise<Response> {
  const requestId = newRequestId();
  try {
    checkOrigin(request);
    const { pathname } = new URL(request.url);
    if (!ENDPOINTS.has(`${request.method} ${pathname}`))
      throw new AppError("NOT_FOUND", "There is nothing here. Sign in at /sign-in, and call the API under /api/trpc.");
    const auth = await getAuth(runtime);
    const headers = new Headers(request.headers);
    headers.set(OWN_REQUEST_ID_HEADER, requestId);
    const body = request.method === "POST" ? (await readBody(request)) || "{}" : null;
    headers.delete(OWN_LIMIT_HEADER);
    if (await hasOwnLimit(runtime, request, pathname, body)) headers.set(OWN_LIMIT_HEADER, "1");
    const { url, method, signal } = request;
    const response = await auth.handler(new Request(url, { method, headers, body, signal }));
    // the limit per address answers before any hook, in a shape of its own
    if (response.status === 429 && !response.headers.get("content-type")?.includes("json"))
      throw new AppError("RATE_LIMITED", "Too many attempts from this address. Try again in a minute.");
    if (response.status >= 500) throw new Error(`better-auth answered ${response.status}`);
    const email = response.ok && pathname === SIGN_IN ? typedEmail(body) : null;
    if (email !== null) response.headers.append("set-cookie", deviceCookie(email, runtime.now()));
    response.headers.set(REQUEST_ID_HEADER, requestId);
    response.headers.set("cache-control", "no-store");
    return response;
  } catch (error) {
    return answerError(error, requestId);
  }
}
