import { createHash } from "node:crypto";
import type { LogTerm } from "../../ports/log-source.ts";
import { formatQuery } from "../query-language.ts";

/** The query that shows the lines of a pattern. */

const MOST_TERMS = 4;
const LEAST_LETTERS = 3;
const LONGEST_TERM = 120;

/** The id of a pattern that is kept nowhere: the same for the same template. */
export const idOfTemplate = (template: string): string =>
  `t${createHash("sha256").update(template).digest("hex").slice(0, 16)}`;
/** Whether the built-in store keeps the pattern of this id, so that people can say something about it. */
export const isKept = (id: string): boolean => !/^t[0-9a-f]{16}$/.test(id);

/** By its id where the source keeps it, else by what its lines have in common. */
export const patternQuery = ({ id, template }: { id: string; template: string }): string =>
  isKept(id) ? formatQuery({ patternId: id, terms: [] }) : formatQuery({ terms: commonTexts(template) });

/** The longest texts between what varies, in their order; of lines that have none in common, nothing. */
function commonTexts(template: string): LogTerm[] {
  const texts = template
    .split("<*>")
    .map((text) => text.trim().slice(0, LONGEST_TERM).toWellFormed().replaceAll("\0", ""))
    .filter((text) => (text.match(/[\p{L}\p{N}]/gu)?.length ?? 0) >= LEAST_LETTERS);
  const longest = new Set(texts.toSorted((a, b) => b.length - a.length).slice(0, MOST_TERMS));
  return [...longest]
    .sort((a, b) => texts.indexOf(a) - texts.indexOf(b))
    .map((value) => ({ kind: "text", value, negated: false }));
}
