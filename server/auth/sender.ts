import { timingSafeEqual } from "node:crypto";
import type { Runtime } from "../agent/kernel/context.ts";
import { AppError } from "../agent/kernel/errors.ts";
import { instanceOfToken } from "../agent/kernel/instance-token.ts";
import { readName } from "../agent/kernel/own-service.ts";
import { can, leastRoleFor } from "../agent/kernel/permissions.ts";
import { lesserRole, type Role } from "../agent/kernel/roles.ts";
import type { Sender as IngestSender } from "../agent/ports/telemetry-store.ts";
import { DATABASE_AWAY } from "../agent/text/storage-words.ts";
import type { Claimant } from "../limits/fair-gate.ts";
import { RecentMap } from "../limits/recent-map.ts";
import { roleOf, tokenRoleOf } from "./role.ts";
import { checkToken } from "./tokens/check.ts";
import { hashToken } from "./tokens/secret.ts";

/** Who sends telemetry: the name its figures are counted under, and for whom it may write. */
export type Sender = Omit<IngestSender, "protocol"> & {
  /** what its places are counted by: the token and its owner; null for this machine and its instances */
  claimant: Claimant | null;
};

const OWN_NAMES = /^(?:this machine|instances of(?: .*)?)$/s;

/** Whether a name is one that Operate counts its own senders under, or is read as it: no token has it. */
export const isReservedSender = (name: string): boolean => OWN_NAMES.test(readName(name));

/** a token that was revoked, or whose owner may no longer ingest, is refused after this long at the latest */
const REMEMBERED_MS = 4_000;
const MOST_REMEMBERED = 5_000;

interface Remembered {
  untilMs: number;
  answer: Promise<Sender | AppError>;
}

// on globalThis because each route of Next has its own copy of this module
const holder = globalThis as { __operateSenders?: RecentMap<Remembered> };
holder.__operateSenders ??= new RecentMap(MOST_REMEMBERED);
const senders = holder.__operateSenders;

/**
 * The sender behind a request: a token with `ingest.write` as a bearer token, or as the password of basic
 * authentication, which is all that some shippers can send; the token of an instance of the local platform; or the
 * secret of Operate's own processes (OPERATE_INGEST_SECRET), who alone may write as `operate`. Cookies count for
 * nothing. Answers are remembered for 4 s, refusals too.
 * @param onForbidden told of a known token that may not send, at most once in those 4 s
 * @throws UNAUTHENTICATED, FORBIDDEN with what to do
 */
export async function identifySender(
  runtime: Pick<Runtime, "db" | "now">,
  headers: Headers,
  onForbidden: (sender: Sender, refusal: AppError) => void,
): Promise<Sender> {
  const secret = secretOf(headers.get("authorization"));
  if (secret === null)
    throw new AppError(
      "UNAUTHENTICATED",
      "Send an API token with the role ingest as `Authorization: Bearer opk_…`, or as the password of basic authentication. The console makes one under Settings, Tokens.",
    );
  const local = localSender(secret);
  if (local) return local;
  const answer = await remembered(hashToken(secret), runtime.now().getTime(), (hash) =>
    lookUp(runtime, hash, onForbidden),
  );
  if (answer instanceof AppError) throw answer;
  return answer;
}

function secretOf(authorization: string | null): string | null {
  const [, scheme = "", value = ""] = /^(bearer|basic)\s+(\S+)$/i.exec(authorization ?? "") ?? [];
  if (scheme.toLowerCase() !== "basic") return value || null;
  const pair = Buffer.from(value, "base64").toString("utf8");
  return pair.slice(pair.indexOf(":") + 1) || null;
}

function localSender(secret: string): Sender | null {
  const own = process.env.OPERATE_INGEST_SECRET;
  if (!own) return null;
  // hashes have one length, whatever was sent
  if (timingSafeEqual(Buffer.from(hashToken(secret)), Buffer.from(hashToken(own))))
    return { name: "this machine", own: true, claimant: null };
  const identity = instanceOfToken(own, secret);
  if (!identity) return null;
  const { service, environment, instance } = identity;
  // one name for all instances of a service: names of senders are kept
  return {
    name: `instances of ${service}`,
    writer: `instances/${service}/${environment}`,
    boundTo: { services: [service], environment, instance },
    claimant: null,
  };
}

/** One look-up at a time for a token, however many requests carry it. A look-up that fails is not remembered. */
function remembered(hash: string, nowMs: number, ask: (hash: string) => Promise<Sender | AppError>) {
  const known = senders.get(hash);
  // one that ends later than one of now was made before the clock was set back
  if (known && nowMs < known.untilMs && known.untilMs <= nowMs + REMEMBERED_MS) return known.answer;
  const answer = ask(hash);
  senders.set(hash, { untilMs: nowMs + REMEMBERED_MS, answer });
  answer.catch(() => senders.delete(hash));
  return answer;
}

async function lookUp(
  runtime: Pick<Runtime, "db" | "now">,
  hash: string,
  onForbidden: (sender: Sender, refusal: AppError) => void,
): Promise<Sender | AppError> {
  const token = await checkToken(runtime, hash).catch((cause: unknown) => {
    throw new AppError("UPSTREAM_UNAVAILABLE", `${DATABASE_AWAY}. Send it again later.`, { cause });
  });
  if (token instanceof AppError) return token;
  // a token that was named so before these names were reserved
  const name = isReservedSender(token.name) ? `token ${token.prefix} of ${token.owner.name}` : token.name;
  const claimant = { actor: token.id, owner: token.ownerId };
  const refusal = refusalFor(token.name, tokenRoleOf(token.role), roleOf(token.owner.role));
  if (refusal) onForbidden({ name, claimant }, refusal);
  if (refusal) return refusal;
  // not the token's id: the next token of this person and name is the same sender
  const writer = `token/${token.ownerId}/${token.name}`;
  return { name, writer, claimant, ...(token.services.length > 0 && { boundTo: { services: token.services } }) };
}

function refusalFor(name: string, role: Role, owner: Role): AppError | null {
  if (!can(lesserRole(role, owner), "ingest.write"))
    return new AppError(
      "FORBIDDEN",
      `The API token ${name} has the role ${role}, which may not send telemetry. Make one with the role ingest.`,
    );
  if (can(owner, "ingest.write")) return null;
  return new AppError(
    "FORBIDDEN",
    `The owner of the API token ${name} may no longer send telemetry. Make one as someone with the role ${leastRoleFor("ingest.write")} or above.`,
  );
}
