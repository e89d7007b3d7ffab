import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { type AppError, toAppError } from "../agent/kernel/errors.ts";
import { KeyedSlots } from "../agent/kernel/slots.ts";
import { CLIENT_ADDRESS_HEADER, networkOf, widerNetworkOf } from "../auth/client-address.ts";
import { signedSession } from "../auth/session-cookie.ts";
import { anyKnownDevice } from "../auth/sign-in/known-device.ts";
import { statusOf } from "../http-status.ts";
import { actorLimits, isKnownSender } from "./actor-limits.ts";
import { retryAfterOf, tooMuch } from "./fair-gate.ts";
import { FairPlaces } from "./fair-places.ts";
import { FRONT_PLACE_HEADER, noteFrontPlace } from "./front-place.ts";
import { RateGate, type RateLimit } from "./rate.ts";

/** The gate before every route: what one address may ask without a credential. docs/limits.md lists the numbers. */

type Kind = "page" | "probe" | "account" | "call" | "sender" | "file";
interface Limit extends RateLimit {
  /** of one address under way */
  atOnce: number;
}
/** kinds do not share, so that a storm on pages from an address leaves its probes and its sign-in alone */
const LIMITS: Readonly<Record<Kind, Limit>> = {
  page: { perSecond: 10, burst: 30, atOnce: 6 },
  probe: { perSecond: 10, burst: 30, atOnce: 6 },
  account: { perSecond: 10, burst: 30, atOnce: 10 },
  // looser than what tRPC and MCP count by themselves: it holds what they refuse before they count, as a foreign Origin
  call: { perSecond: 20, burst: 60, atOnce: 40 },
  // a token that was not seen yet: many senders stand behind one address, and all come at once after a restart
  sender: { perSecond: 50, burst: 200, atOnce: 100 },
  // built files, of which a page has many
  file: { perSecond: 200, burst: 600, atOnce: 100 },
};
/** of one kind for all strangers together: see FairPlaces for who loses a place when they are taken */
const TOTAL_AT_ONCE = 300;
/** a wide network of IPv6 (/48), which one customer may have whole, has as much as so many addresses */
const ADDRESSES_OF_NETWORK = 4;
/** of one session, which may be one that ended */
const SESSION_RATE: RateLimit = { perSecond: 100, burst: 200 };

const PROBES = new Set(["/healthz", "/readyz", "/metrics", "/api/ingest/ready"]);
const FILES = /^\/(_next\/static\/|icon\.svg$|favicon\.ico$)/;
const SENDERS = /^\/(api\/ingest|v1|loki|api\/v1)\//;
const CALLS = /^\/api\/(trpc\/[^/]+|mcp)$/;

function kindOf(path: string, authorization: string | undefined): Kind {
  if (PROBES.has(path)) return "probe";
  if (CALLS.test(path)) return "call";
  if (FILES.test(path)) return "file";
  if (SENDERS.test(path) && authorization) return "sender";
  return path.startsWith("/api/auth/") ? "account" : "page";
}

/** Whoever signs in where they have signed in before is not kept out by others behind the same address. */
const provenDevice = (cookies: string | undefined): string | null =>
  process.env.OPERATE_SECRET_KEY && cookies ? anyKnownDevice(cookies, new Date()) : null;

/** As Next reads it, so that no dots and no backslashes make one path look like another. */
function pathOf(url: string): string {
  const whole = url.startsWith("/") ? `http://x${url}` : url;
  return URL.canParse(whole) ? new URL(whole).pathname : "/";
}

const byKind = <T>(make: (limit: Limit) => T): Readonly<Record<Kind, T>> => ({
  page: make(LIMITS.page),
  probe: make(LIMITS.probe),
  account: make(LIMITS.account),
  call: make(LIMITS.call),
  sender: make(LIMITS.sender),
  file: make(LIMITS.file),
});

class FrontGate {
  readonly #rates = byKind((limit) => new RateGate(limit));
  readonly #networks = byKind(
    ({ perSecond, burst }) =>
      new RateGate({ perSecond: perSecond * ADDRESSES_OF_NETWORK, burst: burst * ADDRESSES_OF_NETWORK }),
  );
  readonly #sessions = new RateGate(SESSION_RATE);
  readonly #devices = byKind((limit) => new RateGate(limit));
  readonly #slots = byKind(({ atOnce }) => new KeyedSlots({ perKey: atOnce, total: Number.POSITIVE_INFINITY }));
  readonly #places = byKind(() => new FairPlaces(TOTAL_AT_ONCE));

  /** @throws RATE_LIMITED with `retryAfterSeconds` */
  admit({ url = "/", headers }: IncomingMessage, response: ServerResponse): void {
    delete headers[FRONT_PLACE_HEADER];
    const kind = kindOf(pathOf(url), headers.authorization);
    if (kind === "sender" && isKnownSender(headers.authorization)) return;
    // an actor's calls have limits of their own
    if (kind === "call" && actorLimits().knows(headers.authorization, headers.cookie)) return;
    const session = kind === "sender" ? null : signedSession(headers.cookie);
    if (session !== null) {
      // ten tabs opened at once ask for several hundred built files, each of which costs nothing
      if (kind !== "file") this.#sessions.take(session);
      return;
    }
    const device = kind === "sender" ? null : provenDevice(headers.cookie);
    // never less than a stranger: one bucket for each kind, and built files cost nothing
    if (device !== null) {
      if (kind !== "file") this.#devices[kind].take(device);
      return;
    }
    const address = networkOf(String(headers[CLIENT_ADDRESS_HEADER] ?? ""));
    const network = widerNetworkOf(address);
    if (network !== address) this.#networks[kind].check(network);
    this.#rates[kind].take(address);
    if (network !== address) this.#networks[kind].take(network);
    this.#hold(kind, address, headers, response);
  }

  #hold(kind: Kind, address: string, headers: IncomingHttpHeaders, response: ServerResponse): void {
    const slots = this.#slots[kind];
    if (response.closed) return;
    const { atOnce } = LIMITS[kind];
    if (slots.usedBy(address) >= atOnce) throw tooMuch(`${atOnce} requests of your address are under way`, 1);
    const leave = this.#places[kind].take(address, () => response.destroy());
    if (leave === null)
      throw tooMuch(
        `${TOTAL_AT_ONCE} requests of strangers are under way, and no address has more of them than yours`,
        1,
      );
    const left = Promise.withResolvers<void>();
    void slots.withSlot(
      address,
      () => left.promise,
      () => undefined,
    );
    // the place of all and the one of the address, together
    const leaveBoth = noteFrontPlace(headers, () => {
      leave();
      left.resolve();
    });
    response.once("close", leaveBoth);
  }
}

// on globalThis, as all that counts: a second copy of this module must not count anew
const holder = globalThis as { __operateFrontGate?: FrontGate };

/**
 * Whether a request of nobody who is known goes beyond what its address may ask, and was answered 429 here, late. Call it
 * once the client's address is stamped.
 */
export function refusedAtGate(request: IncomingMessage, response: ServerResponse): boolean {
  holder.__operateFrontGate ??= new FrontGate();
  try {
    holder.__operateFrontGate.admit(request, response);
    return false;
  } catch (error) {
    void refuse(toAppError(error), response);
    return true;
  }
}

async function refuse(error: AppError, response: ServerResponse): Promise<void> {
  await actorLimits().delayStranger();
  if (response.destroyed) return;
  response.writeHead(statusOf(error), {
    ...{ "content-type": "application/json", "cache-control": "no-store", "x-content-type-options": "nosniff" },
    "retry-after": retryAfterOf(error) ?? "1",
  });
  response.end(JSON.stringify({ code: error.code, message: error.message }));
}
