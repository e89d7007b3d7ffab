import type { Secrecy } from "../agent/kernel/confidential/confidential.ts";
import { passwordsIn } from "./secret-parts.ts";
import {
  ADDRESS,
  HOST,
  isPlace,
  isPlainAddress,
  isShape,
  KNOWN_PATH,
  looksRandom,
  PATH,
  WORD,
} from "./value-shapes.ts";

/**
 * Whether the value of a variable is a secret: by what its place and the variable are called, by how random it looks,
 * and by its shape. In doubt it is hidden: a leaked secret is worse than a hidden word.
 */

type Path = readonly PropertyKey[];

/** Maps whose keys somebody chose freely. */
const FREE_MAP = /^(?:env|.*headers?)$/i;
const isFreeMap = (part: PropertyKey): boolean => typeof part === "string" && FREE_MAP.test(part);
export const isWithinFreeMap = (path: Path): boolean => path.slice(0, -1).some(isFreeMap);

const SAYS_SECRET =
  /passw|passphrase|passcode|passkey|pwd|secret|token(?!i[sz])|credential|(?<!by|com|sur|tres)pass\d*(?: |$)(?!through|score)|pw\d*(?: |$)|(?:^| )(?:db|pg|my)?(?:pin|otp|totp|pat|jwt|bearer|creds?|cookies?|salt|psk|authorization|sas)\d*(?: |$)|(?:api|access|private|signing|encryption|master|ssh|license|account|service|storage|shared|hmac|aes) ?keys?\d*(?: |$)/;
/** a secret may stand there, among other things */
const MAY_BE_SECRET =
  /auth(?!or(?!i))|(?<!(?:sort|partition|primary|foreign|routing|group) )key|cert|sign(?:ature|ing|ed)|session|webhook|dsn|login|hmac|nonce|seed|mfa|private|(?:access|invite|verification|recovery|backup|security|activation) ?code/;
const TWO_WORDS = /^[A-Za-z]{1,11}(?:-[A-Za-z]{1,11})?$/;
/** as keys of services begin, and their like */
const KEY_PREFIX = /^(?:sk|pk|rk|gh[a-z]|xox[a-z]|glpat|shpat|key|tok|token|pass|pw|secret)[-_]/i;
/** says what it is, nothing that is kept from anybody, if the value is what it says */
const ORDINARY: readonly [says: RegExp, fits: RegExp][] = [
  [/(?:^| )(?:region|zone)$/, /^[a-z]{2,14}\d{0,2}$/i],
  [/(?:^| )version$/, /^v?\d{1,6}(?:[.-][a-z\d]{1,8}){0,4}$/i],
  [/(?:^| )(?:hostname|host)$/, TWO_WORDS],
  [/(?:^| )platform$/, /^(?:linux|darwin|windows)(?:\/[a-z\d]{2,8}){1,2}$/],
  [/(?:^| )(?:sort|partition|primary|foreign|routing|group) key$/, /^[a-z]{1,11}(?:[_-][a-z]{1,11}){0,2}$/i],
  [
    /(?:^| )(?:port|level|timezone|tz|environment|stage|locale|lang|language|timeout|interval|size|count|limit|enabled|mode|type|kind|format|provider|strategy|platform|method|template|severity|team)$/,
    TWO_WORDS,
  ],
];
const isOrdinary = (name: string, value: string): boolean =>
  !KEY_PREFIX.test(value) && ORDINARY.some(([says, fits]) => says.test(name) && fits.test(value));
const SAYS_ADDRESS =
  /(?:^| )(?:hosts?|hostname|servers?|brokers?|cache|upstreams?|peers?|addr|address|domains?|origins?|url|uri|endpoint|issuer|audience)$/;
const IS_ADDRESS_PART = /(?:^| )(?:url|uri|endpoint)s?(?: |$)/;

const wordsOf = (part: PropertyKey): string =>
  String(part)
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim();

const isCount = (value: string): boolean => isShape(value) && !PATH.test(value);

/** `MAX_TOKENS=100000`, `TOKEN_URL`, `PASSWORD_POLICY=strict`: about a secret, not the secret, if the value fits */
const ABOUT: readonly [says: RegExp, fits: (value: string) => boolean][] = [
  [
    /^(?:max|min|maximum|minimum|num|number) .*[^s]s$| (?:ttl|max|min|seconds|minutes|hours|days|ms|length|size|count|expiry|expiration|expires|lifetime|age|timeout|interval|rotation|limit|capacity|budget|quota|rate|port|version|region|zone)(?: \d+)?$/,
    isCount,
  ],
  [/ (?:url|uri|endpoint|host|domain|issuer|audience|file|path|dir)(?: \d+)?$|^(?:old)?pwd$/, isPlace],
  [
    / (?:policy|mode|type|algorithm|provider|enabled|required|format|strategy|level|name|issuer|audience|through|method)(?: \d+)?$/,
    (value) => WORD.test(value),
  ],
];

const isSecretName = (name: string): boolean => SAYS_SECRET.test(name) && !ABOUT.some(([says]) => says.test(name));

/** Whether a variable is called a secret, so that not even a name or a version may show its value. */
export const saysSecret = (variable: string): boolean => isSecretName(wordsOf(variable));

/**
 * What the name of a place or of a variable says is secret is one, however short; so is what looks random. Ordinary is
 * what a name says is a region, a version or a host and looks like one, and what has the shape of a number, a version or a plain word while
 * no name speaks of secrets. What is left is in doubt: see `Secrecy`.
 */
export function secrecyOf(path: Path, value: string, variable = ""): Secrecy {
  const keys = path.filter((part) => typeof part === "string").map(wordsOf);
  const all = [...keys, wordsOf(variable)];
  const names = all.filter((name) => !ABOUT.some(([says, fits]) => says.test(name) && fits(value)));
  if (names.some(isSecretName)) return true;
  if (looksRandom(value) || /:\/\/[^/?#]*@/.test(value) || passwordsIn(value).length > 0) return true;
  if (names.some((name) => SAYS_SECRET.test(name) || MAY_BE_SECRET.test(name))) return "in doubt";
  if (ADDRESS.test(value)) return isPlainAddress(value) ? false : "in doubt";
  if (PATH.test(value) && all.some((name) => IS_ADDRESS_PART.test(name)))
    return KNOWN_PATH.test(value) ? false : "in doubt";
  const nearest = [keys.at(-1) ?? "", all.at(-1) ?? ""];
  if (isShape(value) || nearest.some((name) => isOrdinary(name, value))) return false;
  if (HOST.test(value) && nearest.some((name) => SAYS_ADDRESS.test(name))) return false;
  const isHeader = path.some((part) => typeof part === "string" && /headers?$/i.test(part));
  return WORD.test(value) && !isHeader ? false : "in doubt";
}
