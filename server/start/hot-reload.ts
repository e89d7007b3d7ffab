import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";

const SETTLE_MS = 200;
const WATCHED = /^(?!db\/generated).*(?<!\.test)\.ts$/;

/** Calls `changed` shortly after a source of the server was saved. Pages are reloaded by Next itself. */
export function watchServer(root: string, changed: () => void): FSWatcher {
  let timer: NodeJS.Timeout | undefined;
  return watch(join(root, "server"), { recursive: true }, (_event, file) => {
    if (!file || !WATCHED.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(changed, SETTLE_MS);
  });
}
