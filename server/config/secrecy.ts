import { decoded, type Secrecy } from "../agent/kernel/confidential.ts";

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
/** says what it is: nothing that is kept from anybody */
const SAYS_ORDINARY =
  /(?:^| )(?:region|zone|version|hostname|host|port|level|timezone|tz|environment|stage|locale|lang|language|timeout|interval|size|count|limit|enabled|mode|type|kind|format|provider|strategy|platform|method|template|severity|team|(?:sort|partition|primary|foreign|routing|group) key)$/;
const SAYS_ADDRESS =
  /(?:^| )(?:hosts?|hostname|servers?|brokers?|cache|upstreams?|peers?|addr|address|domains?|origins?|url|uri|endpoint|issuer|audience)$/;
const IS_ADDRESS_PART = /(?:^| )(?:url|uri|endpoint)s?(?: |$)/;

const wordsOf = (part: PropertyKey): string =>
  String(part)
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim();

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

const NUMBER = /^[+-]?\d{1,13}(?:\.\d{1,13})?\s?(?:%|[num]?s|sec|min|[mhdwb]|[kmgtp]i?b?|[kmg]?hz|rps|rpm|px|cpu)?$/i;
const DATE = /^\d{4}-\d\d-\d\d(?:[T ][\d:.]{4,15}(?:Z|[+-]\d\d:?\d\d)?)?$/;
const PATH = /^\/[\w./-]*$/;
const HOST = /^[a-z][a-z-]*:\d{1,5}$|^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?$/i;
const WORD = /^(?:[a-z]{1,11}|[A-Z]{1,11})$/;
/** what no secret looks like */
const SHAPES = [
  NUMBER,
  DATE,
  /^(?:\d{1,6}(?:ms|[smhd])){1,4}$/, // 1h30m
  /^v?\d{1,6}(?:\.\d{1,6}){1,3}(?:[-+][a-z0-9.-]{1,12})?(?::\d{1,5})?(?:\/\d{1,3})?$/i, // a version, an address
  /^(?=[0-9a-f:]*:[0-9a-f:]*:)[0-9a-f:]{2,39}(?:\/\d{1,3})?$/i, // an address of IPv6
  /^(?:[a-z]{2}|asia|europe|africa|australia|northamerica|southamerica)(?:-gov|-iso[bef]?)?-(?:north|south|east|west|central){1,2}-?\d{1,2}(?:-?[a-f])?$/, // eu-west-1, europe-west4
  /^(?:[a-z]{2}[-_][a-z]{2}|C|POSIX)(?:\.utf-?8)?$/i,
  /^(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)(?:\/[A-Z][A-Za-z_+-]{1,30}\d{0,2}){1,2}$/,
  PATH,
];

/** paths of many servers; in any other one the name of a private topic or a webhook's secret may stand */
const KNOWN_PATH =
  /^(?:\/(?:api|v?\d{1,3}|oauth2?|token|login|authorize|health|healthz|live|livez|ready|readyz|metrics|graphql|rpc|status|ping))*\/?$/i;
const ADDRESS = /^[a-z][a-z0-9+.-]{1,20}:\/\//i;

/** An address that carries no user, no query, no fragment and no path of its own. */
function isPlainAddress(value: string): boolean {
  const url = ADDRESS.test(value) ? URL.parse(value) : null;
  return url !== null && !/[@?#]/.test(value) && KNOWN_PATH.test(url.pathname);
}

const isShape = (value: string): boolean => SHAPES.some((shape) => shape.test(value));
const isPlace = (value: string): boolean => PATH.test(value) || HOST.test(value) || isPlainAddress(value);
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

const SAYS_PASSWORD =
  /(?:^|[\s;&?,])(?:\w{0,30}(?:pass(?:word|wd|phrase)?|pwd|secret|token)|pw|(?:api|access|account|shared_?access|secret|private)?_?key|sig|signature)\s?=\s?["']?([^\s;&,"']+)/gi;
const SAYS_PASSWORD_IN_JSON =
  /"\w{0,30}(?:pass(?:word|wd|phrase)?|pwd|secret|token|key|credentials?)"\s{0,4}:\s{0,4}"((?:[^"\\]|\\.)+)"/gi;
const USER = /(?:^|:\/\/)[^\s/?#:@]*:([^\s/?#@]+)@/g;

/** The passwords in an address or a connection text, which are secrets by themselves too, as written and decoded. */
export function passwordsIn(value: string): string[] {
  const found = [USER, SAYS_PASSWORD, SAYS_PASSWORD_IN_JSON].flatMap((one) =>
    [...value.matchAll(one)].map(([, password = ""]) => password),
  );
  return [...new Set(found.flatMap((password) => [password, decoded(password)]))];
}

const isSecretName = (name: string): boolean => SAYS_SECRET.test(name) && !ABOUT.some(([says]) => says.test(name));

/** Whether a variable is called a secret, so that not even a name or a version may show its value. */
export const saysSecret = (variable: string): boolean => isSecretName(wordsOf(variable));

/**
 * What the name of a place or of a variable says is secret is one, however short; so is what looks random. Ordinary is
 * what a name says is a region, a version or a host, and what has the shape of a number, a version or a plain word while
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
  if (isShape(value) || nearest.some((name) => SAYS_ORDINARY.test(name))) return false;
  if (HOST.test(value) && nearest.some((name) => SAYS_ADDRESS.test(name))) return false;
  const isHeader = path.some((part) => typeof part === "string" && /headers?$/i.test(part));
  return WORD.test(value) && !isHeader ? false : "in doubt";
}
