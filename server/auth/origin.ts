import type { IncomingMessage } from "node:http";
import { hostname } from "node:os";
import ipaddr from "ipaddr.js";
import { AppError } from "../agent/kernel/errors.ts";
import { CLIENT_SCHEME_HEADER } from "./client-address.ts";
import { baseUrlOf, type Environment } from "./settings.ts";

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];
const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Which Host headers Operate answers to, and the origin it was told it is opened at. */
export interface OriginRules {
  /** lower-case host names without port */
  hosts: ReadonlySet<string>;
  /** any IP literal is answered: bound to all addresses, and no one can rebind a DNS name to an IP literal */
  ipLiterals: boolean;
  baseUrl: URL;
}

/** The rules that HOST, OPERATE_BASE_URL and OPERATE_ALLOWED_HOSTS make. */
export function originRules(env: Environment): OriginRules {
  const baseUrl = new URL(baseUrlOf(env));
  const bound = env.HOST?.trim().toLowerCase() || "127.0.0.1";
  const everywhere = bound === "0.0.0.0" || bound === "::";
  const machine = hostname().toLowerCase();
  const extra = (env.OPERATE_ALLOWED_HOSTS ?? "").split(",").map((name) => name.trim().toLowerCase());
  const own = everywhere ? [machine, `${machine}.local`] : [bound.includes(":") ? `[${bound}]` : bound];
  return {
    hosts: new Set([...LOOPBACK_NAMES, baseUrl.hostname, ...own, ...extra].filter(Boolean)),
    ipLiterals: everywhere,
    baseUrl,
  };
}

const urlOfHost = (host: string, protocol: string): URL | null =>
  /^[\w.:[\]-]+$/.test(host) && URL.canParse(`${protocol}//${host}`) ? new URL(`${protocol}//${host}`) : null;

/** The rule of this process, read once: the supervisor hands the environment down at the start. */
let ownRules: OriginRules | undefined;
function rulesOfProcess(): OriginRules {
  ownRules ??= originRules(process.env);
  return ownRules;
}

/**
 * For every route, before any handler: one Host header, of a name that Operate answers to. No route is exempt, since
 * figures and readiness are worth a rebound DNS name too; probes by address pass where Operate is bound to all.
 * @throws FORBIDDEN, INVALID when there is more than one Host.
 */
export function checkHostOf(request: IncomingMessage, rules: OriginRules = rulesOfProcess()): void {
  const names = request.rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === "host");
  if (names.length > 1) throw new AppError("INVALID", "The request has more than one Host header. Send one.");
  checkHost(request.headers.host ?? "", rules);
}

const isIpLiteral = (name: string): boolean => ipaddr.isValid(name.replace(/^\[|\]$/g, ""));

function checkHost(host: string, rules: OriginRules): void {
  const name = urlOfHost(host, "http:")?.hostname ?? "";
  if (rules.hosts.has(name) || (rules.ipLiterals && isIpLiteral(name))) return;
  throw new AppError(
    "FORBIDDEN",
    "Operate does not answer under this host name. Add it to OPERATE_ALLOWED_HOSTS, or set OPERATE_BASE_URL to the address it is opened at.",
    { details: { variable: "OPERATE_ALLOWED_HOSTS" } },
  );
}

type Judged = "own" | "another scheme" | "foreign";

/** Same scheme, host and port as the request itself went to, or the configured base URL's. */
function judgeOrigin(origin: string, host: string, scheme: string, rules: OriginRules): Judged {
  if (origin === rules.baseUrl.origin) return "own";
  if (!URL.canParse(origin)) return "foreign";
  const from = new URL(origin);
  const to = urlOfHost(host, from.protocol);
  // under the base URL's own name only its scheme counts: http must not speak for https
  if (!/^https?:$/.test(from.protocol) || to?.host !== from.host || from.host === rules.baseUrl.host) return "foreign";
  return from.protocol === scheme ? "own" : "another scheme";
}

/** `http:` or `https:`, as the front door saw it. */
const schemeOf = ({ headers, url }: Request): string => {
  const stamped = headers.get(CLIENT_SCHEME_HEADER);
  return stamped === null ? new URL(url).protocol : `${stamped}:`;
};

/**
 * Refuses what another site could make a browser send (CSRF, DNS rebinding). A request without Origin passes when it
 * only reads, carries a bearer token, or carries no cookie (curl, MCP clients); else it must say that it is same-origin.
 * @throws FORBIDDEN naming the variable that would allow it.
 */
export function checkOrigin(request: Request, rules: OriginRules = originRules(process.env)): void {
  const { headers } = request;
  const host = headers.get("host") ?? new URL(request.url).host;
  checkHost(host, rules);
  const origin = headers.get("origin");
  if (origin !== null) {
    const judged = judgeOrigin(origin, host, schemeOf(request), rules);
    if (judged === "own") return;
    if (judged === "another scheme")
      throw new AppError(
        "FORBIDDEN",
        `This request says that it comes from ${new URL(origin).protocol}//, and it came by ${schemeOf(request)}//. If a proxy ends TLS, name it in OPERATE_TRUSTED_PROXIES and let it send X-Forwarded-Proto, or set OPERATE_BASE_URL to the address people open.`,
        { details: { variable: "OPERATE_TRUSTED_PROXIES" } },
      );
    throw new AppError(
      "FORBIDDEN",
      "This request comes from another site. If it is this console behind a proxy, set OPERATE_BASE_URL to the address people open.",
      { details: { variable: "OPERATE_BASE_URL" } },
    );
  }
  if (SAFE_METHODS.has(request.method)) return;
  const site = headers.get("sec-fetch-site");
  const sameSite = site === "same-origin" || (site === null && !headers.has("cookie"));
  if (sameSite || /^bearer /i.test(headers.get("authorization") ?? "")) return;
  throw new AppError(
    "FORBIDDEN",
    "A change with a session cookie must come from the console itself: send its Origin, or use an API token instead of the cookie.",
  );
}
