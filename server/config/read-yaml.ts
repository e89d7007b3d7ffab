import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from "yaml";
import { shownName } from "../agent/kernel/allowed-names.ts";

/** YAML as a configuration may use it: anchors, aliases and merge keys, within bounds of size, depth and expansion. */

/** One thing wrong with a configuration: where, what, and what would be right. Lines and columns count from 1. */
export interface ConfigIssue {
  line: number;
  column: number;
  /** `services[0].local.command` */
  key: string;
  message: string;
}

/** in characters; as much as `settings.checkConfig` takes */
export const LARGEST_TEXT = 500_000;
const DEEPEST = 50;
/** values once every alias is replaced by what it stands for */
const MOST_VALUES = 50_000;
/** of all texts once every alias is replaced */
const MOST_CHARACTERS = 2_000_000;
/** Others make something else of a block than its keys: of `!!set` and `!!omap` no key would be checked. */
const TAGS = ["str", "int", "float", "bool", "null", "map", "seq"];
const TAG_PREFIX = "tag:yaml.org,2002:";

/** What stands at a place: a single value as data and as it is written (without its quotes), a block, a list, or nothing. */
export type Found =
  | { kind: "value"; value: unknown; source: string; quoted: boolean }
  | { kind: "block" | "list" | "nothing" };

interface ReadYaml {
  raw: unknown;
  /** where a key stands, or what comes nearest */
  place(path: readonly PropertyKey[]): { line: number; column: number };
  found(path: readonly PropertyKey[]): Found;
}

/** Parses a text in time and memory that depend on its length alone. Never throws. */
export function readYaml(text: string): { yaml: ReadYaml } | { issues: ConfigIssue[] } {
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const refuse = (offset: number, message: string) => ({ issues: [{ ...at(offset), key: "(YAML)", message }] });
  if (text.length > LARGEST_TEXT)
    return refuse(0, `the text has ${text.length} characters; at most ${LARGEST_TEXT} are allowed`);
  const nul = text.indexOf("\0");
  if (nul >= 0) return { issues: [{ ...lineOf(text, nul), key: "(YAML)", message: NOT_TEXT }] };

  // uniqueKeys compares every key with every other one: the walk below does it in one pass
  const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false, merge: true };
  const document = parseDocument(text, options);
  if (document.errors.some(({ code }) => code === "RESOURCE_EXHAUSTION"))
    return refuse(0, `blocks are nested too deeply; at most ${DEEPEST} levels are allowed`);
  if (document.errors.length + document.warnings.length > 0)
    return {
      issues: [...document.errors, ...document.warnings].map((error) => ({
        ...at(error.pos[0]),
        key: "(YAML)",
        message:
          error.code === "MULTIPLE_DOCS"
            ? "a second document begins here (`---`); a configuration is one document: take the others out"
            : error.message,
      })),
    };
  const problems = checkNodes(document);
  if (problems.length > 0)
    return { issues: problems.map(({ offset, message }) => ({ ...at(offset), key: "(YAML)", message })) };
  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: -1 }) ?? {};
  } catch (error) {
    return refuse(0, `cannot be read: ${shownName(String((error as Error).message))}`);
  }
  const child = indexed(document);
  const node = (path: readonly PropertyKey[]) =>
    path.reduce<unknown>((found, key) => child(found, key), document.contents);
  return {
    yaml: {
      raw,
      found: (path) => {
        let found: unknown;
        // a plain form stands for a block of keys: what is missing below a single value is that value
        for (let depth = path.length; depth >= 0 && !isNode(found); depth--) {
          const given = node(path.slice(0, depth));
          found = isAlias(given) ? given.resolve(document) : given;
          if (isScalar(found)) return foundValue(found);
          if (depth === path.length && isNode(found)) return { kind: isSeq(found) ? "list" : "block" };
        }
        return { kind: "nothing" };
      },
      place(path) {
        for (let depth = path.length; depth >= 0; depth--) {
          const found = node(path.slice(0, depth));
          if (isNode(found) && found.range) return at(found.range[0]);
        }
        return { line: 1, column: 1 };
      },
    },
  };
}

/** `1.0` is written, `1` is what it becomes; of nothing after a colon, nothing is written. */
const foundValue = ({ value, source, type }: Scalar): Found => ({
  kind: "value",
  value,
  source: source || String(value),
  quoted: type === "QUOTE_DOUBLE" || type === "QUOTE_SINGLE",
});

/** Steps from a node to the one under a key. Each map is indexed once: its own look-up compares with every key. */
function indexed(document: Document.Parsed): (node: unknown, key: PropertyKey) => unknown {
  const indexes = new WeakMap<object, Map<string, unknown>>();
  const resolved = (given: unknown) => (isAlias(given) ? given.resolve(document) : given);
  const sourcesOf = ({ value }: Pair) =>
    (isSeq(value) ? value.items : [value]).map(resolved).filter((one) => isMap(one));
  const isMerging = ({ key }: Pair) => isScalar(key) && isMerge(key);
  const indexOf = (node: YAMLMap): Map<string, unknown> => {
    const known = indexes.get(node);
    if (known !== undefined) return known;
    const own = node.items.filter((pair) => !isMerging(pair));
    // the earlier of two merged blocks wins, and what is written beside them over both
    const merged = node.items.filter(isMerging).flatMap(sourcesOf).reverse();
    const index = new Map<string, unknown>([
      ...merged.flatMap((source) => [...indexOf(source)]),
      ...own.map(({ key, value }): [string, unknown] => [isScalar(key) ? String(key.value) : "", value]),
    ]);
    indexes.set(node, index);
    return index;
  };
  return (given, key) => {
    const node = resolved(given);
    if (isSeq(node)) return node.items[Number(key)];
    if (!isMap(node)) return undefined;
    return indexOf(node).get(String(key));
  };
}

/** `<<` as the parser marks it; in quotes it is a key like any other. */
const isMerge = (key: { value: unknown; source?: string }): boolean =>
  key.source === "<<" && (typeof key.value === "symbol" || key.value === "<<");

export const NOT_TEXT = "this is not text in UTF-8; save the file as UTF-8 without binary data";

/** Where an offset stands in a text that was not parsed. */
export function lineOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** What a node holds once every alias in it is replaced. */
interface Size {
  values: number;
  characters: number;
  depth: number;
}

interface NodeProblem {
  offset: number;
  message: string;
}

/**
 * What the parser lets pass: a key given twice, an alias without an anchor before it or inside what it stands for, too
 * many levels, and aliases of aliases that grow beyond all bounds ("billion laughs").
 */
function checkNodes(document: Document.Parsed): NodeProblem[] {
  const problems: NodeProblem[] = [];
  const add = (node: Node, message: string) => problems.push({ offset: node.range?.[0] ?? 0, message });
  const { explicit, version } = document.directives.yaml;
  if (explicit && version !== "1.2")
    problems.push({ offset: 0, message: `%YAML ${version} reads numbers in another way; leave the line out` });
  /** anchors whose node is complete, with the number of values and levels in it; null while it is being read */
  const anchors = new Map<string, Size | null>();

  const measure = (node: unknown, level: number): Size => {
    if (isAlias(node)) return measureAlias(node, level);
    if (!isNode(node)) return { values: 1, characters: 0, depth: 0 };
    const { anchor, tag } = node as { anchor?: string; tag?: string };
    if (tag !== undefined && !TAGS.includes(tag.replace(TAG_PREFIX, "")))
      add(node, `the tag ${shownName(tag.replace(TAG_PREFIX, "!!"))} is not allowed; leave it out`);
    if (anchor !== undefined) anchors.set(anchor, null);
    const size = measureItems(node, level);
    if (anchor !== undefined) anchors.set(anchor, size);
    return size;
  };

  const measureItems = (node: Node, level: number) => {
    const characters = isScalar(node) ? String(node.value).length : 0;
    const size: Size = { values: 1, characters, depth: 0 };
    if (!isCollection(node)) return size;
    if (level >= DEEPEST) {
      add(node, `blocks are nested too deeply; at most ${DEEPEST} levels are allowed`);
      return size;
    }
    const keys = new Set<string>();
    for (const item of node.items) {
      if (isPair(item) && isMap(node)) checkKey(item.key, item.value, keys);
      for (const part of isPair(item) ? [item.key, item.value] : [item]) {
        const inner = measure(part, level + 1);
        size.values += inner.values;
        size.characters += inner.characters;
        size.depth = Math.max(size.depth, inner.depth + 1);
      }
    }
    return size;
  };

  const measureAlias = (node: Node & { source: string }, level: number) => {
    const target = anchors.get(node.source);
    const name = shownName(node.source);
    if (target === undefined) {
      const known = [...anchors.keys()].slice(0, 20).map(shownName).join(", ");
      add(node, `the alias *${name} has no anchor &${name} before it; anchors so far: ${known || "(none)"}`);
    } else if (target === null) add(node, `the alias *${name} stands inside its own anchor &${name}`);
    else if (level + target.depth > DEEPEST)
      add(node, `with *${name} blocks are nested too deeply; at most ${DEEPEST} levels are allowed`);
    return target ?? { values: 1, characters: 0, depth: 0 };
  };

  const checkKey = (key: unknown, value: unknown, keys: Set<string>) => {
    if (!isScalar(key)) {
      if (isNode(key)) add(key, "a key must be a plain text");
      return;
    }
    if (isMerge(key)) {
      checkMerge(key, value);
      return;
    }
    const name = String(key.value);
    if (keys.has(name)) add(key, `the key ${shownName(name)} is given twice; keep one`);
    keys.add(name);
  };

  const checkMerge = (key: Node, value: unknown) => {
    const sources = isSeq(value) ? value.items : [value];
    const maps = sources.every((one) => isMap(isAlias(one) ? one.resolve(document) : one));
    if (!maps) add(key, "<< merges blocks of keys: give it an alias of one, or a list of such aliases");
  };

  const { values, characters } = measure(document.contents, 0);
  if (values > MOST_VALUES && document.contents)
    add(
      document.contents,
      `with every alias replaced this holds ${values < 1e9 ? values : "more than 1000000000"} values; at most ${MOST_VALUES} are allowed`,
    );
  if (characters > MOST_CHARACTERS && values <= MOST_VALUES && document.contents)
    add(
      document.contents,
      `with every alias replaced the texts have ${characters} characters; at most ${MOST_CHARACTERS} are allowed`,
    );
  return problems;
}
