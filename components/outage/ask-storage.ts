import { DATABASE_AWAY, DISK_FULL } from "#server/agent/text/storage-words.ts";

/** What `/readyz` says of the storage under Operate, as a person is told it. */
export interface StorageAnswer {
  /** what is the matter, as a sentence; null when the database answers */
  outage: string | null;
}

const NO_ANSWER = "Operate does not answer.";
const ASK_MS = 5_000;

interface Checks {
  checks: { name: string; ok: boolean; message: string }[];
}

const hasChecks = (body: unknown): body is Checks =>
  typeof body === "object" && body !== null && Array.isArray(Reflect.get(body, "checks"));

/** Asks whether the database answers. Never fails: without an answer, that is what it says. */
export async function askStorage(url = "/readyz"): Promise<StorageAnswer> {
  try {
    const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(ASK_MS) });
    const body: unknown = await response.json();
    if (!hasChecks(body)) return { outage: NO_ANSWER };
    const database = body.checks.find(({ name }) => name === "database");
    if (!database || database.ok) return { outage: null };
    const full = database.message.includes(DISK_FULL);
    return { outage: full ? sentence(database.message) : `${DATABASE_AWAY}.` };
  } catch {
    return { outage: NO_ANSWER };
  }
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const FIRST_MS = 1_000;
const LONGEST_MS = 5_000;

/** How long to wait before the next question: 1, 2, 4, then every 5 s. */
export const waitBefore = (attempt: number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
