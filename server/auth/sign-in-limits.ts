import { setTimeout as delay } from "node:timers/promises";
import { waiting as onPurpose } from "../agent/kernel/waiting.ts";
import type { Db } from "../db/client.ts";
import { FairPlaces } from "../limits/fair-places.ts";
import { type AttemptLimit, clearAttempts, countAttempt } from "./attempt-limit.ts";
import { CLIENT_ADDRESS_HEADER, networkOf, widerNetworkOf } from "./client-address.ts";

/**
 * Wrong passwords are counted by account and address, and by known device. Over all addresses they slow the account
 * down for strangers and never shut it: whoever has its password gets in, in a known browser without a delay.
 */

/** of one address for one account, and of one known device */
export const PAIR_LIMIT: AttemptLimit = { max: 10, windowMs: 5 * 60_000 };
/** of all strangers for one account before they are slowed down */
export const FREE_ATTEMPTS = 20;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 4_000;
/** networks that wait for one account at once before all of them wait longer: the rate of guesses stays as it is */
const NETWORKS_AT_ONCE = 20;
const LONGEST_WAIT_MS = 60_000;
/** attempts that wait in this process; beyond them whoever has most of them waiting is refused, never who has one */
const MOST_WAITING = 1_000;

const PAIR = "sign-in";
const ACCOUNT = "sign-in-account";

/** How long an attempt of a stranger waits, by how many there were for the account in this window. */
export const delayMsOf = (count: number): number =>
  count <= FREE_ATTEMPTS
    ? 0
    : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.floor((count - FREE_ATTEMPTS - 1) / 5));

/**
 * What an attempt really waits: attempts of one network one after the other, and the longer the more networks wait for
 * the account, so that many addresses guess no faster than 20 do and nobody is refused for them.
 * @param ofNetwork attempts of the same network that wait for the account already
 * @param networks all that wait for the account, this one's included
 */
export const waitMsOf = (delayMs: number, ofNetwork: number, networks: number): number =>
  Math.min(LONGEST_WAIT_MS, Math.round(delayMs * Math.max(1, ofNetwork + 1, networks / NETWORKS_AT_ONCE)));

/** Where an attempt comes from, as the limits count it. */
export const addressOf = (headers: Headers | undefined): string => networkOf(headers?.get(CLIENT_ADDRESS_HEADER) ?? "");

interface Attempt {
  email: string;
  address: string;
  /** null for a stranger */
  device: string | null;
}

const subjectOf = ({ email, address, device }: Attempt): string =>
  device === null ? `${email}\0${address}` : `${email}\0device\0${device}`;

export interface Verdict {
  allowed: boolean;
  /** this attempt is the first that is refused in its window */
  first: boolean;
  retryAfterMs: number;
}

const places = new FairPlaces(MOST_WAITING);
/** attempts that wait, by account and network */
const waiting = new Map<string, Map<string, number>>();

/** Waits as long as `waitMsOf` says. @returns null after it, or how long it would have been when its place was lost */
async function waitInPlace({ email, address }: Attempt, delayMs: number): Promise<number | null> {
  const network = widerNetworkOf(address);
  const ofAccount = waiting.get(email) ?? new Map<string, number>();
  const ofNetwork = ofAccount.get(network) ?? 0;
  const lost = new AbortController();
  const leave = places.take(address, () => lost.abort());
  waiting.set(email, ofAccount.set(network, ofNetwork + 1));
  const waitMs = waitMsOf(delayMs, ofNetwork, ofAccount.size);
  try {
    if (leave) await onPurpose(() => delay(waitMs, undefined, { signal: lost.signal }).catch(() => undefined));
    return leave === null || lost.signal.aborted ? waitMs : null;
  } finally {
    leave?.();
    const left = (ofAccount.get(network) ?? 1) - 1;
    if (left > 0) ofAccount.set(network, left);
    else ofAccount.delete(network);
    if (ofAccount.size === 0) waiting.delete(email);
  }
}

/** Counts an attempt; a stranger's waits here when the account is under attack. */
export async function admitAttempt(db: Db, attempt: Attempt, now: Date): Promise<Verdict> {
  const own = await countAttempt(db, PAIR, subjectOf(attempt), PAIR_LIMIT, now);
  const first = own.count === PAIR_LIMIT.max + 1;
  if (!own.allowed) return { allowed: false, first, retryAfterMs: own.retryAfterMs };
  if (attempt.device !== null) return { allowed: true, first: false, retryAfterMs: 0 };
  const { count } = await countAttempt(db, ACCOUNT, attempt.email, PAIR_LIMIT, now);
  const delayMs = delayMsOf(count);
  if (delayMs === 0) return { allowed: true, first: false, retryAfterMs: 0 };
  const refusedMs = await waitInPlace(attempt, delayMs);
  return { allowed: refusedMs === null, first: false, retryAfterMs: refusedMs ?? 0 };
}

/** Forgets the wrong attempts of one address or device, and of the account, after one that was right. */
export async function forgetAttempts(db: Db, attempt: Attempt): Promise<void> {
  await clearAttempts(db, PAIR, subjectOf(attempt));
  await clearAttempts(db, ACCOUNT, attempt.email);
}

const AUDITED: AttemptLimit = { max: 30, windowMs: 5 * 60_000 };

/**
 * Whether one more refused attempt for an account is written down: a flood must not fill the audit log. Accounts that
 * do not exist count as one: there is no end of them.
 */
export async function isAudited(db: Db, email: string, now: Date): Promise<boolean> {
  const exists = (await db.user.count({ where: { email } })) > 0;
  return (await countAttempt(db, "sign-in-audit", exists ? email : "", AUDITED, now)).allowed;
}
