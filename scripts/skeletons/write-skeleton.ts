import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** What writes the skeleton of a new part of Operate: files from a folder of templates, and lines in the lists there are. */

export const ROOT = resolve(import.meta.dirname, "../..");

/** A line that a list gets; `before` names the text in front of which it stands. */
export interface Insertion {
  file: string;
  before: string;
  text: string;
}

/** What a template names: `{{name}}` in its text, NAME in its path. */
export type Values = Readonly<Record<string, string>> & { readonly name: string };

/** Words of the language: a part is called as its constant is. */
const RESERVED = new Set(
  "arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof undefined var void while with yield".split(
    " ",
  ),
);

/** Why a new part cannot be called so, or null. `taken` are paths, one of which being there says that the name is used. */
export function objectionToName(name: string, taken: readonly string[]): string | null {
  if (!/^[a-z][a-z0-9]{1,29}$/.test(name))
    return `\`${name.slice(0, 40)}\` is no name for it. Take 2 to 30 lower-case letters and digits, beginning with a letter, such as \`scaling\`.`;
  if (RESERVED.has(name)) return `\`${name}\` is a word of the language. Choose another name.`;
  const used = taken.find((path) => existsSync(join(ROOT, path)));
  return used === undefined ? null : `\`${name}\` is taken: ${used} is there. Choose another name.`;
}

const filled = (text: string, values: Values): string =>
  text.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${whole} has no value`);
    return value;
  });

/** The files of a folder of templates with their places in the project, filled in. */
function filesOf(template: string, values: Values): { path: string; text: string }[] {
  const folder = join(import.meta.dirname, template);
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path) => ({
      path: path.replaceAll("NAME", values.name).replace(/\.txt$/, ""),
      text: filled(readFileSync(join(folder, path), "utf8"), values),
    }));
}

/** Each line is in its file once, directly before what it names. @throws Error naming the file where that is not found */
function inserted({ file, before, text }: Insertion): string {
  const source = readFileSync(join(ROOT, file), "utf8");
  const at = source.indexOf(before);
  if (at < 0)
    throw new Error(
      `${file} has no \`${before.trim()}\` any more: mend the skeleton, or add \`${text.trim()}\` by hand`,
    );
  return source.slice(0, at) + text + source.slice(at);
}

/** The first letter of a name that no page of the console uses yet. @throws Error when all are used */
export function freeKey(name: string): string {
  const folder = join(ROOT, "components");
  const areas = readdirSync(folder).map((area) => join(folder, area, "area.tsx"));
  const texts = areas.filter((path) => existsSync(path)).map((path) => readFileSync(path, "utf8"));
  const used = new Set(texts.flatMap((text) => [...text.matchAll(/\bkey: "(.)"/g)].map(([, key = ""]) => key)));
  const free = [...name, ..."abcdefghijklmnopqrstuvwxyz0123456789"].find((key) => !used.has(key));
  if (free === undefined) throw new Error("every letter and digit is the key of a page already");
  return free;
}

/**
 * Writes the files, then the lines of the lists, then lets the formatter order imports. Nothing is written when one of
 * the places is not found. Returns the paths, from the root.
 */
export function writeSkeleton(template: string, values: Values, insertions: readonly Insertion[]) {
  const files = filesOf(template, values);
  for (const insertion of insertions) inserted(insertion);
  for (const { path, text } of files) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text, { flag: "wx" });
  }
  for (const insertion of insertions) writeFileSync(join(ROOT, insertion.file), inserted(insertion));
  const made = files.map(({ path }) => path);
  const changed = [...new Set(insertions.map(({ file }) => file))];
  const biome = relative(process.cwd(), join(ROOT, "node_modules/@biomejs/biome/bin/biome"));
  execFileSync(process.execPath, [resolve(biome), "check", "--write", "--log-level=error", ...made, ...changed], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
  });
  return { made, changed };
}

/** What was done, how to check it, and how to take it back. */
export function tell({ made, changed }: { made: readonly string[]; changed: readonly string[] }, next: string): void {
  const lines = (paths: readonly string[]) => paths.map((path) => `  ${path}`).join("\n");
  console.log(`Wrote\n${lines(made)}\nand added it to\n${lines(changed)}\n\n${next}`);
}
