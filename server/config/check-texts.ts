import { shownName } from "../agent/kernel/allowed-names.ts";
import { SERVICE_URL } from "../agent/kernel/references.ts";
import { isStorable } from "../agent/text/visible-text.ts";
import { PLACEHOLDER } from "./placeholders.ts";

/** What was meant to be ours; `${x}`, `${x:-y}` and their like are a shell's own. */
const MEANT_REFERENCE = /\$\{(?:\}|\s*(?:env|secret|url)\s*(?::(?![-=+?])|$)[^}]*\}?)/gi;
const REFERENCE_START = /\$\{([a-z]+):(?![-=+?])/g;
const IS_PLACEHOLDER = new RegExp(`^${PLACEHOLDER.source}$`);
const IS_SERVICE_URL = new RegExp(`^${SERVICE_URL.source}$`);
const NOT_STORABLE = "no U+0000 and no half of a surrogate pair: they cannot be stored";
const REFERENCE_FORMS = "${env:NAME}, ${secret:NAME}, and ${url:SERVICE} in environments.NAME.env of a service";

type Add = (path: readonly PropertyKey[], message: string) => void;

/**
 * What is wrong with any text, wherever it stands: what cannot be stored nor passed to a process, and a reference of a
 * kind that nobody resolves, which would reach a service as it stands.
 */
export function checkTexts(value: unknown, path: readonly PropertyKey[], add: Add): void {
  if (typeof value === "string") checkText(value, path, add);
  else if (value && typeof value === "object")
    for (const [key, item] of Object.entries(value)) {
      if (!isStorable(key)) add(path, NOT_STORABLE);
      if (!Array.isArray(value)) checkKey(key, path, add);
      if (key === "__proto__") add(path, "__proto__ cannot be a key; take another name");
      checkTexts(item, [...path, Array.isArray(value) ? Number(key) : key], add);
    }
}

/** Of names nothing is resolved: a reference would stay as it is. */
function checkKey(key: string, path: readonly PropertyKey[], add: Add): void {
  if (!key.includes("${")) return;
  const [whole] = key.match(MEANT_REFERENCE) ?? [...referencesIn(key)].map((reference) => reference.whole);
  if (whole !== undefined)
    add(path, `${shownName(whole)} stands in the name of a key, where none is resolved; write it in a value`);
}

/** `${kind:…}` up to its closing brace, of any length, each once. In linear time, also of many that are never closed. */
function* referencesIn(value: string): Generator<{ whole: string; kind: string }> {
  let read = 0;
  for (const { 0: start, 1: kind = "", index } of value.matchAll(REFERENCE_START)) {
    if (index < read) continue;
    const end = value.indexOf("}", index + start.length);
    if (end === -1) return;
    read = end + 1;
    yield { whole: value.slice(index, read), kind };
  }
}

function checkText(value: string, path: readonly PropertyKey[], add: Add): void {
  if (!isStorable(value)) add(path, NOT_STORABLE);
  const isServiceEnv = path[0] === "services" && path[2] === "environments" && path[4] === "env";
  for (const [whole] of value.matchAll(MEANT_REFERENCE))
    if (!/^\$\{(?:env|secret|url):[^}]*\}$/.test(whole))
      add(path, `${shownName(whole)} is no reference; allowed: ${REFERENCE_FORMS}`);
  for (const { whole, kind } of referencesIn(value)) {
    const known = kind === "url" ? isServiceEnv && IS_SERVICE_URL.test(whole) : IS_PLACEHOLDER.test(whole);
    if (!known || whole === "${url:}")
      add(path, `${shownName(whole)} is no reference here; allowed: ${REFERENCE_FORMS}`);
  }
}
