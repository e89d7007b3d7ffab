import { AppError } from "../agent/kernel/errors.ts";
import { getAuth } from "./better-auth.ts";
import { answerError, readBody } from "./http.ts";
import { deviceCookie } from "./known-device.ts";
import { checkOrigin } from "./origin.ts";
import { newRequestId, OWN_REQUEST_ID_HEADER, REQUEST_ID_HEADER } from "./request-id.ts";
import { type AuthRuntime, emailOf } from "./sign-in-hooks.ts";

/** The only endpoints of better-auth that are reachable; what an update adds stays shut. */
const ENDPOINTS: ReadonlySet<string> = new Set([
  "POST /api/auth/sign-in/email",
  "POST /api/auth/sign-out",
  "GET /api/auth/get-session",
  "POST /api/auth/change-password",
]);

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
    const response = await auth.handler(new Request(request.url, { method: request.method, headers, body }));
    // the limit per address answers before any hook, in a shape of its own
    if (response.status === 429 && !response.headers.get("content-type")?.includes("json"))
      throw new AppError("RATE_LIMITED", "Too many attempts from this address. Try again in a minute.");
    if (response.status >= 500) throw new Error(`better-auth answered ${response.status}`);
    const email = response.ok && pathname === "/api/auth/sign-in/email" ? emailOf(JSON.parse(body ?? "{}")) : null;
    if (email !== null) response.headers.append("set-cookie", deviceCookie(email, runtime.now()));
    response.headers.set(REQUEST_ID_HEADER, requestId);
    response.headers.set("cache-control", "no-store");
    return response;
  } catch (error) {
    return answerError(error, requestId);
  }
}
