import { foreignAnswer } from "../trpc/api-answer.ts";

/** What the sign-in and set-up endpoints answer when they refuse. */
export interface Refusal {
  message: string;
  code: string | null;
}

const NO_ANSWER: Refusal = { message: "Operate did not answer. Check that it runs, then try again.", code: null };

const text = (body: unknown, name: string): string | null => {
  const value: unknown = typeof body === "object" && body !== null ? Reflect.get(body, name) : null;
  return typeof value === "string" && value ? value : null;
};

/** Posts JSON; null when it was accepted, else why not. */
export async function postJson(path: string, body: Record<string, unknown>): Promise<Refusal | null> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    return NO_ANSWER;
  }
  if (response.ok) return null;
  const answer: unknown = await response.json().catch(() => null);
  return { message: text(answer, "message") ?? foreignAnswer(response).message, code: text(answer, "code") };
}
