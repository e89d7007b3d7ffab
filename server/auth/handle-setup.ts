import type { z } from "zod";
import { AppError } from "../agent/kernel/errors.ts";
import { getAuth } from "./better-auth.ts";
import { createFirstAdmin, setupNeeded } from "./first-admin.ts";
import { answer, answerError, readBody } from "./http.ts";
import { checkOrigin } from "./origin.ts";
import { newRequestId, OWN_REQUEST_ID_HEADER } from "./request-id.ts";
import { SetupInput, type SetupState } from "./schema.ts";
import type { Environment } from "./settings.ts";
import { deviceCookie } from "./sign-in/known-device.ts";
import type { AuthRuntime } from "./sign-in/sign-in-hooks.ts";
import { addressOf } from "./sign-in/sign-in-limits.ts";

/** GET /api/setup → `{ needed }`. */
export async function handleSetupState(runtime: AuthRuntime, request: Request): Promise<Response> {
  const requestId = newRequestId();
  try {
    checkOrigin(request);
    const state: z.infer<typeof SetupState> = { needed: await setupNeeded(runtime) };
    return answer(200, state, requestId);
  } catch (error) {
    return answerError(error, requestId);
  }
}

/** POST /api/setup: makes the first administrator and signs them in. 201 `{ user }` with the session cookie. */
export async function handleSetup(
  runtime: AuthRuntime,
  request: Request,
  env: Environment = process.env,
): Promise<Response> {
  const requestId = newRequestId();
  try {
    checkOrigin(request);
    const input = parse(await readBody(request));
    const auth = await getAuth(runtime);
    const address = addressOf(request.headers);
    const expectedToken = env.OPERATE_SETUP_TOKEN;
    const user = await createFirstAdmin(runtime, input, { expectedToken, requestId, address });
    const headers = new Headers(request.headers);
    headers.set(OWN_REQUEST_ID_HEADER, requestId);
    const { email, password } = input;
    const signedIn = await auth.api.signInEmail({ body: { email, password }, headers, asResponse: true });
    return answer(201, { user }, requestId, [...signedIn.headers.getSetCookie(), deviceCookie(email, runtime.now())]);
  } catch (error) {
    return answerError(error, requestId);
  }
}

function parse(text: string): SetupInput {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new AppError("INVALID", "The body must be JSON: { token, name, email, password }.", { cause });
  }
  const parsed = SetupInput.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => [path.join("."), message].filter(Boolean).join(": "));
  throw new AppError("INVALID", problems.join("\n"));
}
