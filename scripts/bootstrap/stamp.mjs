import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "./paths.mjs";

/** Hash of the contents of files and folders (relative to the root; absent ones count as absent) and of `extra`. */
export function hashOf(paths, { ignore = () => false, extra = "" } = {}) {
  const hash = createHash("sha256").update(extra);
  const add = (path) => {
    const found = statSync(inRoot(path), { throwIfNoEntry: false });
    if (ignore(path)) return;
    if (found?.isDirectory()) {
      for (const name of readdirSync(inRoot(path)).sort()) add(join(path, name));
      return;
    }
    hash.update(`\0${path}\0`);
    if (found) hash.update(readFileSync(inRoot(path)));
  };
  for (const path of paths) add(path);
  return hash.digest("hex");
}

/** A file that says from what a folder was made. Written last and removed first, so that a half-made one is seen. */
export const stampAt = (path) => ({
  says: (hash) => {
    try {
      return readFileSync(inRoot(path), "utf8") === hash;
    } catch {
      return false;
    }
  },
  clear: () => rmSync(inRoot(path), { force: true }),
  write: (hash) => writeFileSync(inRoot(path), hash),
});
