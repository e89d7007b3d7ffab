import type { Actor } from "../agent/kernel/actor.ts";
import { newId } from "../agent/kernel/ids.ts";
import type { Role } from "../agent/kernel/roles.ts";
import { handleAuth } from "../auth/handle-auth.ts";
import { hashPassword } from "../auth/password/password.ts";
import type { AuthRuntime } from "../auth/sign-in/sign-in-hooks.ts";
import { insertUser } from "../auth/users/store.ts";
import type { Db } from "../db/client.ts";

/** Set before anything asks for it: what a process gets from the supervisor. */
export const TEST_SECRET = "a secret for tests, 32 characters and more";
export const CONSOLE = "http://localhost:4310";

export interface Person {
  id: string;
  name: string;
  email: string;
  password: string;
  actor: Actor;
}

/** Someone who can sign in. */
export async function addPerson(db: Db, given: { role?: Role; name?: string } = {}): Promise<Person> {
  const { role = "admin", name = "Ada" } = given;
  const id = newId("usr");
  const person = { id, name, email: `${id}@example.com`, password: `right password of ${name}` };
  const passwordHash = await hashPassword(person.password);
  await insertUser(db, { ...person, role, passwordHash, mustChangePassword: false });
  return { ...person, actor: { kind: "person", id, name, role } };
}

/** A request as a browser with the console open sends it. */
export const fromConsole = (path: string, body?: unknown, headers: Record<string, string> = {}): Request =>
  new Request(`${CONSOLE}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      ...(body === undefined ? {} : { origin: CONSOLE, "content-type": "application/json" }),
      host: new URL(CONSOLE).host,
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** `name=value; …` of the cookies an answer sets. */
export const cookiesOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0] ?? "")
    .join("; ");

export const signIn = (
  runtime: AuthRuntime,
  who: { email: string; password: string },
  headers: Record<string, string> = {},
): Promise<Response> =>
  handleAuth(runtime, fromConsole("/api/auth/sign-in/email", { email: who.email, password: who.password }, headers));
