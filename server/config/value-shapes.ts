/** What the shape of a value tells of it. Pure. */

const LEAST_RANDOM = 12;
const classOf = (character: string): number => (/[a-z]/.test(character) ? 1 : /[A-Z]/.test(character) ? 2 : 3);

/** Whether a part of a value changes between capitals, small letters and digits as no word or version does. */
export function looksRandom(value: string): boolean {
  return value.split(/[^\w-]+/).some((part) => {
    const characters = [...part.replace(/[_-]/g, "")];
    if (characters.length < LEAST_RANDOM) return false;
    const changes = characters.filter((one, i) => i > 0 && classOf(one) !== classOf(characters[i - 1] ?? "")).length;
    return changes * 4 >= characters.length;
  });
}

const NUMBER = /^[+-]?\d{1,13}(?:\.\d{1,13})?\s?(?:%|[num]?s|sec|min|[mhdwb]|[kmgtp]i?b?|[kmg]?hz|rps|rpm|px|cpu)?$/i;
const DATE = /^\d{4}-\d\d-\d\d(?:[T ][\d:.]{4,15}(?:Z|[+-]\d\d:?\d\d)?)?$/;
export const PATH = /^\/[\w./-]*$/;
export const HOST = /^[a-z][a-z-]*:\d{1,5}$|^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?$/i;
export const WORD = /^(?:[a-z]{1,11}|[A-Z]{1,11})$/;
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
export const KNOWN_PATH =
  /^(?:\/(?:api|v?\d{1,3}|oauth2?|token|login|authorize|health|healthz|live|livez|ready|readyz|metrics|graphql|rpc|status|ping))*\/?$/i;
export const ADDRESS = /^[a-z][a-z0-9+.-]{1,20}:\/\//i;

/** An address that carries no user, no query, no fragment and no path of its own. */
export function isPlainAddress(value: string): boolean {
  const url = ADDRESS.test(value) ? URL.parse(value) : null;
  return url !== null && !/[@?#]/.test(value) && KNOWN_PATH.test(url.pathname);
}

export const isShape = (value: string): boolean => SHAPES.some((shape) => shape.test(value));
export const isPlace = (value: string): boolean => PATH.test(value) || HOST.test(value) || isPlainAddress(value);
