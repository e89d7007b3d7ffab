import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";

/** sun_path holds 104 bytes on macOS and 108 on Linux, with the closing zero. */
const LONGEST_SOCKET_PATH = 100;

export interface LocalPaths {
  dir: string;
  logs: string;
  state: string;
  lock: string;
  socket: string;
}

/**
 * Where the daemon of a data directory keeps its things; the same for the daemon and its clients. A socket path too
 * long for the operating system moves to a private folder of the temporary directory, named after the data directory.
 */
export function localPaths(dataDir: string): LocalPaths {
  const dir = join(resolve(dataDir), "local");
  const inside = join(dir, "control.sock");
  const hash = createHash("sha256").update(dir).digest("hex").slice(0, 16);
  const socket =
    Buffer.byteLength(inside) <= LONGEST_SOCKET_PATH
      ? inside
      : join(tmpdir(), `operate-${userInfo().uid}-${hash}`, "control.sock");
  return { dir, logs: join(dir, "logs"), state: join(dir, "state.json"), lock: join(dir, "daemon.lock"), socket };
}

/** Creates a folder that only its owner may enter. */
export const privateDir = (path: string): void => {
  mkdirSync(path, { recursive: true, mode: 0o700 });
};
