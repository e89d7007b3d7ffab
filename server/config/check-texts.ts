import { shownName } from "../agent/kernel/allowed-names.ts";
import { isStorable } from "../agent/kernel/visible-text.ts";
import { PLACEHOLDER } from "./placeholders.ts";

/** What was meant to be ours; `${x}`, `${x:-y}` and their like are a shell's own. */
const MEANT_REFERENCE = /\$\{(?:\}|\s*(?:env|secret|url)\s*(?::(?![-=+?])|$)[^}]*\}?)/gi;
/** bounded, so that a text of many that are never closed is read in linear time */
const REFERENCE = /\$\{([a-z]{1,40}):(?![-=+?])([^}]{0,200})\}/g;
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
      if (key === "__proto__") add(path, "__proto__ cannot be a key; take another name");
      checkTexts(item, [...path, Array.isArray(value) ? Number(key) : key], add);
    }
}

function checkText(value: string, path: readonly PropertyKey[], add: Add): void {
  if (!isStorable(value)) add(path, NOT_STORABLE);
  const isServiceEnv = path[0] === "services" && path[2] === "environments" && path[4] === "env";
  for (const [whole] of value.matchAll(MEANT_REFERENCE))
    if (!/^\$\{(?:env|secret|url):[^}]*\}$/.test(whole))
      add(path, `${shownName(whole)} is no reference; allowed: ${REFERENCE_FORMS}`);
  for (const [whole, kind, name = ""] of value.matchAll(REFERENCE)) {
    const known = kind === "url" ? isServiceEnv : whole.match(PLACEHOLDER) !== null;
    if (!known || name === "") add(path, `${shownName(whole)} is no reference here; allowed: ${REFERENCE_FORMS}`);
  }
}
