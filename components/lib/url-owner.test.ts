import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const sources = ["app", "components"].flatMap((room) =>
  readdirSync(join(ROOT, room), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path))
    .map((path) => ({ path: `${room}/${path}`, text: readFileSync(join(ROOT, room, path), "utf8") })),
);

/** The text of each `useEffect(…)` or `useLayoutEffect(…)`, by its parentheses. */
function effectsOf(text: string): string[] {
  return [...text.matchAll(/use(Layout|Insertion)?Effect\(/g)].map(({ index }) => {
    let depth = 0;
    for (let at = text.indexOf("(", index); at < text.length; at++) {
      depth += text[at] === "(" ? 1 : text[at] === ")" ? -1 : 0;
      if (depth === 0) return text.slice(index, at + 1);
    }
    return text.slice(index);
  });
}

/** Everything in a file by which the URL can be written. */
const writersOf = (text: string): string[] => [
  ...[...text.matchAll(/\[\s*\w*\s*,\s*(\w+)\s*\]\s*=\s*(?:useQueryStates?|useUrlText)\b/g)].map(
    ([, name]) => name ?? "",
  ),
  ...(text.includes("useEnvironment") ? ["setEnvironment"] : []),
  ...(text.includes("useTimeRange") ? ["setRange", "zoomTo"] : []),
  ...[
    "router.push",
    "router.replace",
    "history.pushState",
    "history.replaceState",
    "location.assign",
    "location.replace",
  ],
];

const wrote = (effect: string, writers: readonly string[]): string[] =>
  writers.filter((name) => new RegExp(`(?<![\\w.])(window\\.)?${name.replace(".", "\\.")}\\(`).test(effect));

describe("the URL", () => {
  it("is repaired by no effect", () => {
    const found = sources.flatMap(({ path, text }) =>
      effectsOf(text).flatMap((effect) =>
        wrote(effect, writersOf(text)).map((name) => `${path}: ${name} in an effect`),
      ),
    );
    expect(found).toEqual([]);
  });

  it("keeps the environment with one owner", () => {
    const owners = sources.filter(({ text }) =>
      /useQueryStates?\(\s*(\{[^}]*\benv\b|"env")|searchParams\.set\("env"/.test(text),
    );
    expect(owners.map(({ path }) => path)).toEqual([]);
  });

  it("would be found repaired", () => {
    const text =
      'const [a, setA] = useQueryState("a");\nuseEffect(() => { if (a === null) void setA("b"); }, [a, setA]);';
    expect(effectsOf(text).flatMap((effect) => wrote(effect, writersOf(text)))).toEqual(["setA"]);
    const push = 'useEffect(() => router.replace("/x"), [router]);';
    expect(effectsOf(push).flatMap((effect) => wrote(effect, writersOf(push)))).toEqual(["router.replace"]);
  });
});
