import { waiting as onPurpose } from "../../agent/kernel/waiting.ts";
import type { Db } from "../../db/client.ts";
import { leaveFrontPlace } from "../../limits/front-place.ts";
import { CLIENT_ADDRESS_HEADER, networkOf, widerNetworkOf } from "../client-address.ts";
import { type AttemptLimit, clearAttempts, countAttempt, forgetOneAttempt } from "./attempt-limit.ts";
import { LONGEST_WAIT_MS, SignInTurns } from "./sign-in-turns.ts";

/**
 * Wrong passwords are counted by account and network, and by known device. Strangers of all networks together take turns
 * for an account (see SignInTurns), which never shut it: in a known browser its password opens it without a wait.
 */

/** of one network for one account, and of one known device */
export const PAIR_LIMIT: AttemptLimit = { max: 10, windowMs: 5 * 60_000 };
/** of a wide network of IPv6 over all accounts; each of its addresses has 30 */
export const NETWORK_LIMIT: AttemptLimit = { max: 120, windowMs: 60_000 };

const PAIR = "sign-in";
const NETWORK = "sign-in-network";

/** Where an attempt comes from, as the limits count it. */
export const addressOf = (headers: Headers | undefined): string => networkOf(headers?.get(CLIENT_ADDRESS_HEADER) ?? "");

interface Attempt {
  email: string;
  address: string;
  /** null for a stranger */
  device: string | null;
}

const subjectOf = ({ email, address, device }: Attempt): string =>
  device === null ? `${email}\0${widerNetworkOf(address)}` : `${email}\0device\0${device}`;

export type Verdict =
  | { allowed: true }
  /** @param first whether it is the first that is refused in its window */
  | { allowed: false; first: boolean; message: string };

// on globalThis because each route of Next has its own copy of this module
const holder = globalThis as { __operateSignInTurns?: SignInTurns };
holder.__operateSignInTurns ??= new SignInTurns();
const turns = holder.__operateSignInTurns;

const inWords = (ms: number): string => (ms < 60_000 ? `${Math.ceil(ms / 1_000)} s` : `${Math.ceil(ms / 60_000)} min`);

/**
 * Counts an attempt; a stranger's waits here when the account is under attack, and holds no place of the front gate
 * meanwhile. One whose client leaves, or whose turn does not come, has tried no password and is not counted.
 */
export async function admitAttempt(
  db: Db,
  attempt: Attempt,
  now: Date,
  request: { headers?: Headers; signal?: AbortSignal } = {},
): Promise<Verdict> {
  const { email, address, device } = attempt;
  const network = widerNetworkOf(address);
  if (device === null && network !== address) {
    const all = await countAttempt(db, NETWORK, network, NETWORK_LIMIT, now);
    if (!all.allowed)
      return {
        allowed: false,
        first: false,
        message: `Too many attempts from this network. Try again in ${inWords(all.retryAfterMs)}.`,
      };
  }
  const own = await countAttempt(db, PAIR, subjectOf(attempt), PAIR_LIMIT, now);
  if (!own.allowed)
    return {
      allowed: false,
      first: own.count === PAIR_LIMIT.max + 1,
      message: `Too many attempts for this account from here. Try again in ${inWords(own.retryAfterMs)}.`,
    };
  if (device !== null) return { allowed: true };
  leaveFrontPlace(request.headers);
  if (await onPurpose(() => turns.take(email, network, request.signal))) return { allowed: true };
  await forgetOneAttempt(db, PAIR, subjectOf(attempt));
  const message = `Others try passwords for this account, and the turn of your network did not come within ${LONGEST_WAIT_MS / 1_000} s. Try again, or sign in with a browser in which you have signed in before: it does not wait.`;
  return { allowed: false, first: false, message };
}

/** Forgets the wrong attempts of one network or device after one that was right, which takes none of the turns. */
export async function forgetAttempts(db: Db, attempt: Attempt): Promise<void> {
  await clearAttempts(db, PAIR, subjectOf(attempt));
  if (attempt.device === null) turns.wasRight(attempt.email, widerNetworkOf(attempt.address));
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
