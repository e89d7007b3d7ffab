import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Which version a request is for, when the request itself has a say in it. */

export interface Routing {
  /** a caller stays with the version it was given */
  sticky: { by: "header" | "cookie"; name: string } | null;
  /** a request that carries it with a version's name is answered by that version */
  previewHeader: string | null;
}

export interface Choice {
  version: string;
  /** asked for by name: not part of the users' traffic, so it is not counted */
  preview: boolean;
  /** given to a caller that has none yet */
  setCookie: string | null;
}

const BUCKETS = 10_000;
const BUCKETS_PER_PERCENT = BUCKETS / 100;

/** FNV-1a, 32 bits, with a final mix so that neighbours fall apart: http://www.isthe.com/chongo/tech/comp/fnv/ */
export function bucketOfCaller(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % BUCKETS;
}

/**
 * Maps callers to versions: of 10,000 buckets the candidate has the first `weight` × 100, so that a caller who was
 * given the candidate keeps it while its share grows.
 */
export class RouteChoice {
  readonly #sticky: Routing["sticky"];
  readonly #preview: string | null;
  #candidate: string | null = null;
  #candidateBuckets = 0;
  #other: string | null = null;

  constructor({ sticky, previewHeader }: Routing) {
    this.#sticky = sticky;
    this.#preview = previewHeader?.toLowerCase() ?? null;
  }

  get previewHeader(): string | null {
    return this.#preview;
  }

  update(weights: Record<string, number> | null, candidate: string | null): void {
    const others = Object.entries(weights ?? {}).filter(([version, weight]) => version !== candidate && weight > 0);
    this.#candidate = weights === null ? null : candidate;
    this.#other = others.sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
    this.#candidateBuckets = Math.round((weights?.[candidate ?? ""] ?? 0) * BUCKETS_PER_PERCENT);
  }

  /** Null: as the weights will have it. */
  choose(request: IncomingMessage): Choice | null {
    const wish = this.#preview === null ? undefined : request.headers[this.#preview];
    if (typeof wish === "string" && wish !== "") return { version: wish, preview: true, setCookie: null };
    if (this.#sticky === null || this.#candidate === null) return null;
    const { by, name } = this.#sticky;
    const id = by === "header" ? request.headers[name.toLowerCase()] : cookieOf(request.headers.cookie, name);
    if (typeof id === "string" && id !== "") return this.#give(id, null);
    if (by === "header") return null;
    const made = randomBytes(12).toString("base64url");
    return this.#give(made, `${name}=${made}; Path=/; HttpOnly; SameSite=Lax`);
  }

  #give(id: string, setCookie: string | null): Choice | null {
    const version = bucketOfCaller(id) < this.#candidateBuckets ? this.#candidate : this.#other;
    return version === null ? null : { version, preview: false, setCookie };
  }
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(";") ?? []) {
    const at = part.indexOf("=");
    if (at !== -1 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
