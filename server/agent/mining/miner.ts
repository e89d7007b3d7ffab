import { type ChangeLog, createChangeLog, type PatternChange } from "./changes.ts";
import {
  countLoneWords,
  familyOf,
  findCovering,
  findSimilar,
  positionsToWiden,
  tooManyFirstWords,
  widenAll,
} from "./join.ts";
import { createLineCache } from "./line-cache.ts";
import { isBare, type KnownLine, type Pattern } from "./patterns.ts";
import { createScannedLine, MOST_TOKENS, scan } from "./scanner.ts";
import { PatternTree } from "./tree.ts";
import { VARIABLE, Vocabulary, type Word } from "./vocabulary.ts";

export interface MinerOptions {
  /** patterns kept; the ones not seen for longest are dropped. Default 10,000 */
  maxPatterns?: number;
  /** least share of equal words for two lines of one message, 0…1. Default 0.4 */
  similarity?: number;
  /** templates this or another miner made before; of more than `maxPatterns` the first are taken */
  patterns?: readonly { id: number; template: string }[];
}

export interface Mined {
  /** names the pattern within this miner, for good; `resolve` follows it through merges */
  key: number;
  template: string;
  change: "none" | PatternChange["change"];
  /** keys merged into this one by this line */
  from: readonly number[];
  /** other patterns that this line changed */
  also: readonly PatternChange[];
  /** keys of patterns dropped to stay within bounds; when such lines come again, they get a new key */
  dropped: readonly number[];
}

export interface Miner {
  /** The pattern of a line or of a whole event. Takes any text. */
  add(body: string): Mined;
  /** The key that a key has become by merges. */
  resolve(key: number): number;
  /** ids of the patterns the miner was given, with the keys they have here; equal templates share one */
  readonly restored: ReadonlyMap<number, number>;
  /** patterns held now */
  readonly size: number;
}

const NONE: readonly never[] = [];
/** patterns compared with one line at most */
const LARGEST_LEAF = 1_000;
/** from so many first words on, a new one is taken for a variable: Drain's bound on children, which is 100 there */
const MOST_FIRST_WORDS = 500;
/** bounds are kept by dropping this share at once, so that finding the oldest costs little a line */
const DROPPED_SHARE = 1 / 16;
/** Text in which nothing repeats may make so many patterns at once, and one every twenty lines after that. */
const PATTERNS_AT_ONCE = 1_000;
const PATTERNS_PER_LINE = 1 / 20;
/** words that stand alone, beside variables only: after so many the rest share one pattern */
const LONE_WORDS = 100;
/** merged keys remembered, for each pattern that may be kept */
const MERGES_KEPT = 4;

/**
 * Mines templates from lines as they come: Drain over masked tokens, with positions that keep up to three words apart
 * before they become variables. Same lines in the same order, same patterns; a miner given the patterns of another
 * goes on as that one would. Memory is bounded by `maxPatterns`, work by the length of a line up to a cap.
 */
export function createMiner(options: MinerOptions = {}): Miner {
  return new DrainMiner(options);
}

class DrainMiner implements Miner {
  readonly #maxPatterns: number;
  readonly #similarity: number;
  readonly #vocabulary = new Vocabulary();
  readonly #tree = new PatternTree(this.#vocabulary);
  readonly #cache = createLineCache();
  readonly #merged = new Map<number, number>();
  readonly #scanned = createScannedLine();
  readonly #line: KnownLine = { words: new Array<Word | undefined>(MOST_TOKENS), count: 0, variables: 0 };
  readonly restored = new Map<number, number>();
  #lines = 0;
  #mayCreate = PATTERNS_AT_ONCE;

  constructor({ maxPatterns = 10_000, similarity = 0.4, patterns = [] }: MinerOptions) {
    this.#maxPatterns = maxPatterns;
    this.#similarity = similarity;
    for (const { id, template } of patterns.slice(0, maxPatterns)) this.restored.set(id, this.#restore(template));
  }

  get size(): number {
    return this.#tree.size;
  }

  add(body: string): Mined {
    this.#lines++;
    this.#mayCreate = Math.min(PATTERNS_AT_ONCE, this.#mayCreate + PATTERNS_PER_LINE);
    this.#read(body);
    const line = this.#line;
    const { version } = this.#tree.level(line.count);
    let pattern = this.#cache.find(line, version);
    if (pattern === undefined) {
      pattern = findCovering(this.#tree, line);
      const closest = pattern ? null : findSimilar(this.#tree, line, this.#similarity);
      if (closest) return this.#learn(closest);
      this.#cache.put(line, version, pattern);
    }
    if (!pattern) return this.#learn(null);
    pattern.usedAt = this.#lines;
    return { key: pattern.key, template: pattern.template, change: "none", from: NONE, also: NONE, dropped: NONE };
  }

  resolve(key: number): number {
    let at = key;
    for (let next = this.#merged.get(at); next !== undefined; next = this.#merged.get(at)) at = next;
    return at;
  }

  #restore(template: string): number {
    this.#read(template, false);
    const found = findCovering(this.#tree, this.#line);
    if (found?.variables === this.#line.variables) return found.key;
    return this.#tree.create(this.#scanned, () => false, 0).key;
  }

  #read(body: string, crowded = true): void {
    scan(this.#scanned, body);
    this.#know(crowded);
  }

  /** Looks the tokens up; a new first word is a variable where there are too many already. */
  #know(crowded: boolean): void {
    const { count, starts, ends, hashes } = this.#scanned;
    const line = this.#line;
    line.count = count;
    line.variables = 0;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i] ?? 0;
      if (hash === 0) line.variables++;
      line.words[i] = hash === 0 ? VARIABLE : this.#vocabulary.find(this.#scanned, starts[i] ?? 0, ends[i] ?? 0, hash);
    }
    if (!crowded || line.words[0] === VARIABLE || count - line.variables < 2) return;
    const { leaves } = this.#tree.level(count);
    if (leaves.size < MOST_FIRST_WORDS || (line.words[0] && leaves.has(line.words[0]))) return;
    line.words[0] = VARIABLE;
    line.variables++;
    hashes[0] = 0;
  }

  /** A line that no pattern covers: a new pattern, or wider ones. */
  #learn(closest: Pattern | null): Mined {
    const changes = createChangeLog();
    let own = closest ? this.#join(closest, changes) : this.#create(changes, null);
    const siblings = [...tooManyFirstWords(this.#tree, own, this.#similarity)];
    if (siblings.length > 0) {
      widenAll(this.#tree, siblings, new Set([0]), changes);
      own = this.#coveringNow() ?? own;
    }
    own.usedAt = this.#lines;
    const dropped = this.#dropOldest(own);
    const list = changes.list();
    for (const { key, from } of list) for (const other of from) this.#remember(other, key);
    const change = list.find(({ key }) => key === own.key) ?? { change: "none" as const, from: NONE };
    return {
      ...{ key: own.key, template: own.template, change: change.change, from: change.from },
      ...{ also: list.filter(({ key }) => key !== own.key), dropped },
    };
  }

  #join(closest: Pattern, changes: ChangeLog): Pattern {
    const family = familyOf(this.#tree, closest, this.#similarity);
    const positions = positionsToWiden(this.#line, closest, family);
    if (positions.size > 0) {
      widenAll(this.#tree, family, positions, changes);
      const covering = this.#coveringNow();
      if (covering) return covering;
    }
    return this.#create(changes, closest);
  }

  /** Words may have come to be known or forgotten since the line was read. */
  #coveringNow(): Pattern | null {
    this.#know(true);
    return findCovering(this.#tree, this.#line);
  }

  /** A pattern of a line's words, or of those of them that `closest` has words for, too. */
  #create(changes: ChangeLog, closest: Pattern | null): Pattern {
    const { words, count } = this.#line;
    const own = Array.from({ length: count }, (_, i) => i).filter((i) => words[i] !== VARIABLE);
    const common = closest ? own.filter((i) => closest.words[i] !== VARIABLE) : own;
    const kept = common.length > 0 ? common : own;
    const shared = this.#isTooMuch(kept);
    const bare = shared && this.#tree.leaf(count, VARIABLE).find(isBare);
    if (bare) return bare;
    if (!shared) this.#mayCreate--;
    const literal = new Set(shared ? [] : kept);
    const pattern = this.#tree.create(this.#scanned, (i) => !literal.has(i), this.#lines);
    changes.created(pattern);
    return pattern;
  }

  /** Whether the pattern of these positions would be one of too many: then lines share one for their length. */
  #isTooMuch(positions: readonly number[]): boolean {
    const [position] = positions;
    if (position === undefined) return false;
    if (this.#mayCreate < 1) return true;
    return positions.length === 1 && countLoneWords(this.#tree, this.#line.count, position) >= LONE_WORDS;
  }

  #dropOldest(own: Pattern): number[] {
    const leaf = this.#tree.leaf(own.words.length, own.words[0]);
    const full = this.#tree.size > this.#maxPatterns ? this.#tree.all() : leaf.length > LARGEST_LEAF ? [...leaf] : [];
    const count = Math.ceil(full.length * DROPPED_SHARE);
    const oldest = full.sort((a, b) => a.usedAt - b.usedAt || a.key - b.key).slice(0, count);
    for (const pattern of oldest) this.#tree.remove(pattern);
    return oldest.map(({ key }) => key);
  }

  #remember(key: number, survivor: number): void {
    this.#merged.set(key, survivor);
    if (this.#merged.size <= this.#maxPatterns * MERGES_KEPT) return;
    for (const oldest of this.#merged.keys()) {
      this.#merged.delete(oldest);
      break;
    }
  }
}
