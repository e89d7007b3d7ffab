import type { Secrecy } from "../agent/kernel/confidential.ts";

/** Whether the value of a variable is a secret: by what its place is called, by how random it looks, and by its shape. */

type Path = readonly PropertyKey[];

/** Maps whose keys somebody chose freely. */
const FREE_MAP = /^(?:env|.*headers?)$/i;
const isFreeMap = (part: PropertyKey): boolean => typeof part === "string" && FREE_MAP.test(part);
export const isWithinFreeMap = (path: Path): boolean => path.slice(0, -1).some(isFreeMap);

const SAYS_SECRET =
  /passw|passphrase|pwd|secret|token|credential|apikey|privatekey|(?:^| )(?:db|pg|my)?(?:pass|pw|pin|otp|totp|pat|jwt|bearer|creds|cookies?|salt|authorization|sas)(?: |$)|(?:api|access|private|signing|encryption|master|ssh|license|account|service|storage|shared|hmac|aes) keys?(?: |$)/;
/** `TOKEN_URL`, `PASSWORD_FILE`: about a secret, not the secret */
const ABOUT =
  / (?:url|uri|endpoint|host|port|ttl|seconds|minutes|hours|days|ms|file|path|dir|name|length|size|count|type|enabled|issuer|audience|region|version|algorithm)$/;
/** a secret may stand there among other things */
const MAY_HOLD_SECRET = /header|url|uri|endpoint|dsn|auth|key|cert|signature|session|webhook/;
/** says what it is: nothing that is kept from anybody */
const SAYS_ORDINARY =
  /(?:^| )(?:region|zone|version|hostname|host|port|level|timezone|tz|environment|stage|locale|lang|language|timeout|interval|size|count|limit|enabled|mode)$/;

const wordsOf = (part: PropertyKey): string =>
  String(part)
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ");

const LEAST_RANDOM = 12;
const classOf = (character: string): number => (/[a-z]/.test(character) ? 1 : /[A-Z]/.test(character) ? 2 : 3);

/** Whether a part of a value changes between capitals, small letters and digits as no word or version does. */
function looksRandom(value: string): boolean {
  return value.split(/[^\w-]+/).some((part) => {
    const characters = [...part.replace(/[_-]/g, "")];
    if (characters.length < LEAST_RANDOM) return false;
    const changes = characters.filter((one, i) => i > 0 && classOf(one) !== classOf(characters[i - 1] ?? "")).length;
    return changes * 4 >= characters.length;
  });
}

const ORDINARY = [
  /^[+-]?\d+(?:\.\d+)?\s?[a-z%]{0,4}$/i, // a number, with a unit
  /^v?\d{1,6}(?:\.\d{1,6}){1,3}(?:[-+][a-z0-9.-]{1,30})?(?::\d{1,5})?(?:\/\d{1,3})?$/i, // a version, an address
  /^\d{4}-\d\d-\d\d(?:[T ][\d:.]{4,15}(?:Z|[+-]\d\d:?\d\d)?)?$/, // a date
  /^[a-z]{2,}(?:-[a-z]{2,})*-\d{1,3}[a-z]?$/i, // eu-west-1, web-12
  /^[a-z]{2,}(?:[-_][a-z]{2,})+\d{0,2}$/i, // europe-west4, en_GB, read_only
  /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?$/i, // a host
  /^[a-z][a-z-]*:\d{1,5}$/i, // host:port
  /^(?:[a-z]{2}[-_][a-z]{2})\.utf-?8$/i,
  /^\/[\w./-]*$/, // a path
  /^[A-Z][A-Za-z_]+(?:\/[A-Z][A-Za-z_-]+){1,2}$/, // a time zone
];

/** An address that carries no user, no query and no fragment. */
function isPlainAddress(value: string): boolean {
  const url = /^[a-z][a-z0-9+.-]{1,20}:\/\//i.test(value) ? URL.parse(value) : null;
  return url !== null && !/[@?#]/.test(value);
}

const isPlainWord = (value: string): boolean => /^[a-z]{1,11}$|^[A-Z]{1,11}$/.test(value);
const isOrdinary = (value: string): boolean => ORDINARY.some((shape) => shape.test(value)) || isPlainAddress(value);

/**
 * What a name says is secret is one, however short; so is what looks random. A region, a version, a host, a path, a
 * number or a plain word is none. What is left is in doubt: see `Secrecy`.
 */
export function secrecyOf(path: Path, value: string): Secrecy {
  const names = path.filter((part) => typeof part === "string").map(wordsOf);
  if (names.some((name) => SAYS_SECRET.test(name) && !ABOUT.test(name))) return true;
  if (looksRandom(value) || /:\/\/[^/?#]*@/.test(value)) return true;
  if (isOrdinary(value) || SAYS_ORDINARY.test(names.at(-1) ?? "")) return false;
  const isWord = isPlainWord(value);
  if (path.some((part) => typeof part === "string" && /headers?$/i.test(part))) return "in doubt";
  if (isWord) return false;
  if (isWithinFreeMap(path) || names.some((name) => MAY_HOLD_SECRET.test(name))) return "in doubt";
  return value.length >= LEAST_RANDOM ? "in doubt" : false;
}
