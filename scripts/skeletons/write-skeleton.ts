import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

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

/** Words of the language, and of tRPC for a router: a part is called as its constant is. */
const RESERVED = new Set(
  "apply arguments async await break call case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch then this throw true try typeof undefined var void while with yield".split(
    " ",
  ),
);

/** Why a new part cannot be called so, or null. `taken` says who has the name, or null. */
export function objectionToName(name: string, such: string, taken: (name: string) => string | null): string | null {
  if (!/^[a-z][a-z0-9]{1,29}$/.test(name))
    return `${name === "" ? "Name it" : `\`${name.slice(0, 40)}\` is no name for it`}: 2 to 30 lower-case letters and digits, beginning with a letter, such as \`${such}\`.`;
  if (RESERVED.has(name)) return `\`${name}\` is a word of the language or of tRPC. Choose another name.`;
  const holder = taken(name);
  return holder === null ? null : `\`${name}\` is taken by ${holder}. Choose another name.`;
}

/** The first of these paths, with `*` for any folder, that is there. */
export const firstThere = (paths: readonly string[]): string | null => globSync([...paths], { cwd: ROOT })[0] ?? null;

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

interface Written {
  made: readonly string[];
  changed: readonly string[];
  /** no changed file had changes of its own before; null: that is not known */
  wasClean: boolean | null;
}

/**
 * Writes the files, then the lines of the lists, then lets the formatter order imports. When anything of it fails, all is
 * as it was. Paths are from the root.
 */
export function writeSkeleton(templates: readonly string[], values: Values, insertions: readonly Insertion[]): Written {
  const files = templates.flatMap((template) => filesOf(template, values));
  const changed = [...new Set(insertions.map(({ file }) => file))];
  const before = new Map(changed.map((file) => [file, readFileSync(join(ROOT, file), "utf8")]));
  const made: string[] = [];
  const wasClean = areUnchanged(changed);
  try {
    for (const { path, text } of files) {
      mkdirSync(dirname(join(ROOT, path)), { recursive: true });
      writeFileSync(join(ROOT, path), text, { flag: "wx" });
      made.push(path);
    }
    for (const insertion of insertions) writeFileSync(join(ROOT, insertion.file), inserted(insertion));
    format([...made, ...changed]);
  } catch (cause) {
    for (const path of made) rmSync(join(ROOT, path));
    for (const [file, text] of before) writeFileSync(join(ROOT, file), text);
    throw new Error("The skeleton could not be written; everything is as it was.", { cause });
  }
  return { made, changed, wasClean };
}

function format(paths: readonly string[]): void {
  const biome = join(ROOT, "node_modules/@biomejs/biome/bin/biome");
  execFileSync(process.execPath, [biome, "check", "--write", "--log-level=error", ...paths], {
    ...{ cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] },
  });
}

function areUnchanged(paths: readonly string[]): boolean | null {
  const { status, stdout } = spawnSync("git", ["status", "--porcelain", "--", ...paths], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return status === 0 ? stdout === "" : null;
}

/** What was done, how to take it back, and what comes next. */
export function tell({ made, changed, wasClean }: Written, next: string): void {
  const lines = (paths: readonly string[]) => paths.map((path) => `  ${path}`).join("\n");
  const back = wasClean
    ? `To take it back: git checkout -- ${changed.join(" ")} && rm ${made.map((path) => `'${path}'`).join(" ")}`
    : "To take it back, delete the files and undo the lines by hand: the lists may hold other changes of yours.";
  console.log(`Wrote\n${lines(made)}\nand added it to\n${lines(changed)}\n\n${next}\n\n${back}`);
}
