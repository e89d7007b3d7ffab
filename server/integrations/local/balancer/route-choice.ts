import { createHmac, randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** Which version a request is for, when the request itself has a say in it. */

/** The salt of a rollout that begins. */
export const newSalt = (): string => randomBytes(16).toString("base64url");

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
  /** 32 bits that tell it from other callers while the rollout lasts; left out when it is not told apart */
  caller?: number;
}

const BUCKETS = 10_000;
const BUCKETS_PER_PERCENT = BUCKETS / 100;

/** Keyed: whoever chooses what a caller is called by cannot choose where it falls. */
const keyOfCaller = (id: string, salt: string): number =>
  createHmac("sha256", salt).update(id).digest().readUInt32BE(0);

/**
 * Maps callers to versions: of 10,000 buckets the candidate has the first `weight` × 100, so that a caller who was
 * given the candidate keeps it while its share grows. Each rollout has a salt of its own, so that who falls into the
 * first buckets is another one each time, and nobody outside knows who.
 */
export class RouteChoice {
  readonly #sticky: Routing["sticky"];
  readonly #preview: string | null;
  #candidate: string | null = null;
  #candidateBuckets = 0;
  #other: string | null = null;
  #salt = "";

  constructor({ sticky, previewHeader }: Routing) {
    this.#sticky = sticky;
    this.#preview = previewHeader?.toLowerCase() ?? null;
  }

  get previewHeader(): string | null {
    return this.#preview;
  }

  /** `salt`: secret, and the same for as long as `candidate` is the one whose share grows. */
  update(weights: Record<string, number> | null, candidate: string | null, salt: string | null): void {
    const others = Object.entries(weights ?? {}).filter(([version, weight]) => version !== candidate && weight > 0);
    this.#candidate = weights === null ? null : candidate;
    this.#other = others.sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
    this.#salt = salt ?? "";
    this.#candidateBuckets = Math.round((weights?.[candidate ?? ""] ?? 0) * BUCKETS_PER_PERCENT);
  }

  /** The version that a request asks for by name; null: none. */
  previewed({ headers }: IncomingMessage): string | null {
    const wish = this.#preview === null ? undefined : headers[this.#preview];
    return typeof wish === "string" && wish !== "" ? wish : null;
  }

  /** Null: as the weights will have it. */
  choose(request: IncomingMessage): Choice | null {
    const wish = this.previewed(request);
    if (wish !== null) return { version: wish, preview: true, setCookie: null };
    if (this.#sticky === null || this.#candidate === null) return null;
    const { by, name } = this.#sticky;
    const id = by === "header" ? request.headers[name.toLowerCase()] : cookieOf(request.headers.cookie, name);
    if (typeof id === "string" && id !== "") return this.#give(id, null);
    if (by === "header") return null;
    const made = randomBytes(12).toString("base64url");
    return this.#give(made, `${name}=${made}; Path=/; HttpOnly; SameSite=Lax`);
  }

  #give(id: string, setCookie: string | null): Choice | null {
    const caller = keyOfCaller(id, this.#salt);
    const version = caller % BUCKETS < this.#candidateBuckets ? this.#candidate : this.#other;
    return version === null ? null : { version, preview: false, setCookie, caller };
  }
}

function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(";") ?? []) {
    const at = part.indexOf("=");
    if (at !== -1 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
