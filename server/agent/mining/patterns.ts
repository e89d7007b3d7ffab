import { VARIABLE, type Word } from "./vocabulary.ts";

/** What lines have in common: words, and VARIABLE where they differ. */
export interface Pattern {
  readonly key: number;
  readonly words: Word[];
  /** how many of the words are VARIABLE */
  variables: number;
  /** texts between the words, from the line that came first */
  readonly gaps: readonly string[];
  template: string;
  /** the number of the last line it was seen in */
  usedAt: number;
}

/** A line as patterns see it: undefined is a word that no pattern has. Only the first `count` are the line's. */
export interface KnownLine {
  words: (Word | undefined)[];
  count: number;
  variables: number;
}

/** A pattern without words says nothing: only lines without words are its own. */
export const isBare = (pattern: Pattern): boolean => pattern.variables === pattern.words.length;

export function coversLine(pattern: Pattern, line: KnownLine): boolean {
  if (isBare(pattern) && line.variables < line.count) return false;
  const { words } = pattern;
  for (let i = 0; i < line.count; i++) if (words[i] !== VARIABLE && words[i] !== line.words[i]) return false;
  return true;
}

export const coversPattern = (pattern: Pattern, other: Pattern): boolean =>
  (!isBare(pattern) || isBare(other)) && pattern.words.every((word, i) => word === VARIABLE || word === other.words[i]);

export const haveSameVariables = (a: Pattern, b: Pattern): boolean =>
  a.variables === b.variables && a.words.every((word, i) => (word === VARIABLE) === (b.words[i] === VARIABLE));

/** The share of positions at which both have the same word, or both a variable; 0 when it is less than `least`. */
export function similarity(pattern: Pattern, words: readonly (Word | undefined)[], least: number): number {
  const count = pattern.words.length;
  const allowed = Math.floor(count * (1 - least) + 1e-9);
  let differing = 0;
  for (let i = 0; i < count; i++) if (pattern.words[i] !== words[i] && ++differing > allowed) return 0;
  return (count - differing) / count;
}

/** Of two patterns that fit equally: the one with more words, then by text, so that their age does not matter. */
export const isCloser = (pattern: Pattern, than: Pattern | null): boolean =>
  than === null ||
  pattern.variables < than.variables ||
  (pattern.variables === than.variables && pattern.template < than.template);
