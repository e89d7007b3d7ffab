import { decoded, type Secrecy } from "../agent/kernel/confidential/confidential.ts";
import { ADDRESS, isShape, KNOWN_PATH, looksRandom, WORD } from "./value-shapes.ts";

/** What of a secret value is one by itself: a program that takes it apart shows its parts, or writes it in another way. */

export interface SecretPart {
  value: string;
  secret: Secrecy;
  isPart: true;
}

const QUOTED = String.raw`"((?:[^"\\]|\\.){1,1000})"|'((?:[^'\\]|\\.){1,1000})'|\{([^}]{1,1000})\}`;
const SAYS_PASSWORD = new RegExp(
  String.raw`(?:^|[\s;&?,])(?:\w{0,30}(?:pass(?:word|wd|phrase)?|pwd|secret|token)|pw|(?:api|access|account|shared_?access|secret|private)?_?key|sig|signature)\s?=\s?(?:${QUOTED}|["']?([^\s;&,"']+))`,
  "gi",
);
const SAYS_PASSWORD_IN_JSON =
  /"\w{0,30}(?:pass(?:word|wd|phrase)?|pwd|secret|token|key|credentials?)"\s{0,4}:\s{0,4}"((?:[^"\\]|\\.)+)"/gi;
const USER = /(?:^|:\/\/)[^\s/?#:@]*:([^\s/?#@]+)@/g;

/** The passwords in an address or a connection text, which are secrets by themselves too, as written and decoded. */
export function passwordsIn(value: string): string[] {
  const found = [USER, SAYS_PASSWORD, SAYS_PASSWORD_IN_JSON].flatMap((one) =>
    [...value.matchAll(one)].map(([, ...groups]) => groups.find(Boolean) ?? ""),
  );
  return [
    ...new Set(found.flatMap((password) => [password, decoded(password), password.replace(/\\(.)/g, "$1")])),
  ].filter(Boolean);
}

/**
 * The secrets in a value beside the whole of it: its passwords, and where it is an address its user, its path, the
 * values of its query, and the same address as programs write it: without its scheme, its usual port, its slash at the end.
 * None for an address that is no secret.
 */
export function partsOf(value: string, secret: Secrecy): SecretPart[] {
  const passwords = both(passwordsIn(value), true);
  return secret === false ? passwords : [...passwords, ...addressParts(value.trim(), secret)];
}

/** a host with a path or a user before it, as it stands behind `https://` in a file */
const WITHOUT_SCHEME =
  /^(?:[^\s/?#@]+@)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?[/?]\S*$|^[^\s/?#@:]+@[a-z0-9.-]+(?::\d{1,5})?$/i;
const USUAL_PORTS: Record<string, string> = { "http:": "80", "https:": "443" };
const LONGEST_PLAIN_USER = 11;

function addressParts(value: string, secret: Secrecy): SecretPart[] {
  const hasScheme = ADDRESS.test(value);
  const url = hasScheme ? URL.parse(value) : WITHOUT_SCHEME.test(value) ? URL.parse(`https://${value}`) : null;
  if (url === null) return pathParts(value, secret);
  const { hostname, port, protocol, pathname, search, hash } = url;
  const usual = USUAL_PORTS[protocol];
  const hosts = usual !== undefined && port === "" ? [hostname, `${hostname}:${usual}`] : [url.host];
  if (usual !== undefined && !hasScheme && port === "") hosts.push(`${hostname}:80`);
  const path = pathname.replace(/\/+$/, "");
  const holdsCredentials = url.username !== "" || search !== "";
  // of an address that others know what is secret is its user or its query
  const isKnown = KNOWN_PATH.test(pathname) && (secret !== true || holdsCredentials);
  const places = isKnown ? [] : hosts.map((host) => `${host}${path}`);
  const paths = KNOWN_PATH.test(pathname) ? [] : [path, path.slice(1)];
  const pieces = [...pathname.split("/"), ...hostname.split(".")].filter(looksRandom);
  const fragment = hash.length > 1 && !KNOWN_PATH.test(`/${hash.slice(1)}`) ? [hash.slice(1)] : [];
  return [
    ...both([...places, ...paths], secret),
    ...both(pieces, true),
    ...userParts(url, usual !== undefined),
    ...both([...fragment, search.slice(1)], secret),
    ...[...url.searchParams.values()].flatMap((one) => (isOrdinary(one) ? [] : both([one], secretOf(one)))),
  ];
}

/** As it is written and with its percent encoding read. */
const both = (values: string[], secret: Secrecy): SecretPart[] =>
  values.flatMap((value) => [value, decoded(value)]).map((value) => ({ value, secret, isPart: true }));

const isOrdinary = (value: string): boolean => isShape(value) || WORD.test(value);
const secretOf = (value: string): Secrecy => looksRandom(value) || "in doubt";

/** Over HTTP a user alone is a token; beside a password, or in a database's address, most are plain names. */
function userParts({ username, password }: URL, isHttp: boolean): SecretPart[] {
  if (username === "") return [];
  const isPlain = /^[a-z._-]+$/i.test(username) && username.length <= LONGEST_PLAIN_USER;
  if (isHttp && password === "") return both([username], true);
  return isPlain ? [] : both([username], secretOf(username));
}

/** A part of an address that stands in a variable of its own is shown without what it ends with. */
function pathParts(value: string, secret: Secrecy): SecretPart[] {
  const [start = ""] = value.split(/[?#]/);
  const path = start.replace(/^\/+|\/+$/g, "");
  return path !== value && !/\s/.test(value) && /[/?]/.test(value) && !KNOWN_PATH.test(`/${path}`)
    ? both([path], secret)
    : [];
}
