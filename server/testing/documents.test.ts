import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, resolve } from "node:path";
import { expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const FOLDERS = ["app", "bench", "components", "docs", "e2e", "examples", "mcp", "prisma", "scripts", "server"];
const files = [
  ...readdirSync(ROOT),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
  ),
];
const documents = files.filter((path) => path.endsWith(".md"));
const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8").replace(/```.*?```/gs, "");

/** As GitHub makes them of headings. */
const anchorsOf = (path: string): string[] =>
  [...textOf(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );

function isBroken(document: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? document : normalize(join(dirname(document), path));
  if (!existsSync(join(ROOT, target))) return true;
  return anchor !== undefined && !anchorsOf(target).includes(anchor);
}

it.each(documents)("%s links to what exists", (document) => {
  const links = [...textOf(document).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(([, link = ""]) => link);
  expect(links.filter((link) => isBroken(document, link))).toEqual([]);
});

it.each(documents)("%s names source files that exist, in whole or by the end of their path", (document) => {
  const named = [...textOf(document).matchAll(/`([\w@.\-/[\]()]+\.(?:tsx?|mjs|cjs|prisma))`/g)].map(
    ([, path = ""]) => path,
  );
  const isThere = (path: string): boolean => files.some((file) => file === path || file.endsWith(`/${path}`));
  expect(named.filter((path) => !isThere(path))).toEqual([]);
});
