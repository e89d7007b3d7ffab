import type { ChangeLog } from "./changes.ts";
import {
  coversLine,
  coversPattern,
  haveSameVariables,
  isBare,
  isCloser,
  type KnownLine,
  type Pattern,
  similarity,
} from "./patterns.ts";
import { type PatternTree, restOf } from "./tree.ts";
import { VARIABLE } from "./vocabulary.ts";

/**
 * The rules by which patterns become one. They look at nothing but the patterns there are, so a miner that starts with
 * the patterns of another goes on as that one would have.
 */

/** more different words than this at one position make it a variable */
const WORDS_OF_A_POSITION = 3;
/** the first word tells messages apart: there it takes more */
const FIRST_WORDS = 30;
/** and more still where hardly anything would be left of the pattern */
const FIRST_WORDS_OF_LITTLE = 100;
/** three words at each of three positions; a family of more has values, not kinds of messages */
const LARGEST_FAMILY = 27;

/** The pattern that a line has without any change; the one with most words when there are several. */
export function findCovering(tree: PatternTree, line: KnownLine): Pattern | null {
  const first = line.words[0];
  let best: Pattern | null = null;
  for (const pattern of tree.leaf(line.count, first))
    if (coversLine(pattern, line) && isCloser(pattern, best)) best = pattern;
  if (first === VARIABLE) return best;
  for (const pattern of tree.leaf(line.count, VARIABLE))
    if (coversLine(pattern, line) && isCloser(pattern, best)) best = pattern;
  return best;
}

/** The pattern with words that is most like a line, if one is like it enough. */
export function findSimilar(tree: PatternTree, line: KnownLine, least: number): Pattern | null {
  let best: Pattern | null = null;
  let most = 0;
  for (const pattern of tree.leaf(line.count, line.words[0])) {
    if (isBare(pattern)) continue;
    const share = similarity(pattern, line.words, Math.max(least, most));
    if (share === 0 || share < most || (share === most && !isCloser(pattern, best))) continue;
    best = pattern;
    most = share;
  }
  return best;
}

/** Patterns that grew from the same message: like this one, with the same variables. */
export const familyOf = (tree: PatternTree, pattern: Pattern, least: number): Pattern[] =>
  tree
    .leaf(pattern.words.length, pattern.words[0])
    .filter((other) => haveSameVariables(other, pattern) && similarity(other, pattern.words, least) > 0);

/**
 * The positions which a line makes variable in a family: where it has a value or one word too many. The last word of
 * a pattern stays.
 */
export function positionsToWiden(line: KnownLine, closest: Pattern, family: readonly Pattern[]): Set<number> {
  const positions = new Set<number>();
  let words = closest.words.length - closest.variables;
  for (let i = 0; i < line.count && words > 1; i++) {
    const word = line.words[i];
    if (closest.words[i] === VARIABLE || closest.words[i] === word) continue;
    const seen = new Set(family.map((pattern) => pattern.words[i]));
    const one = word === VARIABLE || seen.add(word).size > WORDS_OF_A_POSITION || family.length >= LARGEST_FAMILY;
    if (!one) continue;
    positions.add(i);
    words--;
  }
  return positions;
}

/** Widens patterns and joins those that have become equal, and whatever they cover now. The oldest key survives. */
export function widenAll(
  tree: PatternTree,
  patterns: readonly Pattern[],
  positions: ReadonlySet<number>,
  changes: ChangeLog,
): void {
  for (const pattern of patterns) {
    tree.widen(pattern, positions);
    changes.generalised(pattern);
  }
  const left = new Set(patterns);
  for (const pattern of [...patterns].sort((a, b) => a.key - b.key)) {
    if (!left.has(pattern)) continue;
    for (const other of [...tree.leaf(pattern.words.length, pattern.words[0])]) {
      if (other === pattern || !coversPattern(pattern, other)) continue;
      left.delete(other);
      tree.remove(other);
      pattern.usedAt = Math.max(pattern.usedAt, other.usedAt);
      changes.absorbed(pattern, other);
    }
  }
}

/** The patterns that are one with this as soon as their first word is a variable: empty while those words are few. */
export function tooManyFirstWords(tree: PatternTree, pattern: Pattern, least: number): readonly Pattern[] {
  const words = pattern.words.length - pattern.variables;
  if (pattern.words[0] === VARIABLE || words === 1) return [];
  const siblings = tree.siblingsOf(pattern.words.length, restOf(pattern));
  const little = (words - 1) / pattern.words.length < least;
  return siblings.length > (little ? FIRST_WORDS_OF_LITTLE : FIRST_WORDS) ? siblings : [];
}

/** How many patterns consist of one word at this position, besides variables. */
export function countLoneWords(tree: PatternTree, count: number, position: number): number {
  if (position === 0) return tree.siblingsOf(count, "0,".repeat(count - 1)).length;
  const isLone = ({ words, variables }: Pattern) => variables === count - 1 && words[position] !== VARIABLE;
  return tree.leaf(count, VARIABLE).filter(isLone).length;
}
