import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { AppError } from "#server/agent/kernel/errors.ts";

/** sun_path holds 104 bytes on macOS and 108 on Linux, with the closing zero. */
const LONGEST_SOCKET_PATH = 100;

export interface LocalPaths {
  dir: string;
  logs: string;
  state: string;
  /** sealed: what instances were started with */
  values: string;
  lock: string;
  socket: string;
}

/** Where the daemon of a data directory keeps its things; the same for the daemon and its clients. */
export function localPaths(dataDir: string): LocalPaths {
  const dir = join(resolve(dataDir), "local");
  const socket = socketPath(dir, "control.sock");
  const files = { state: join(dir, "state.json"), values: join(dir, "values.json"), lock: join(dir, "daemon.lock") };
  return { dir, logs: join(dir, "logs"), ...files, socket };
}

/**
 * The path of a socket in a folder. One too long for the operating system moves to a private folder of the temporary
 * directory, named after the folder.
 */
export function socketPath(dir: string, name: string): string {
  const inside = join(dir, name);
  if (Buffer.byteLength(inside) <= LONGEST_SOCKET_PATH) return inside;
  const hash = createHash("sha256").update(dir).digest("hex").slice(0, 16);
  return join(tmpdir(), `operate-${userInfo().uid}-${hash}`, name);
}

/**
 * Creates a folder that only its owner may enter, or makes an existing one so.
 * @throws PRECONDITION when it cannot be written or belongs to somebody else
 */
export function privateDir(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (statSync(path).uid !== userInfo().uid) throw new Error("it belongs to another user");
    chmodSync(path, 0o700);
  } catch (cause) {
    const message = `The folder ${path} cannot be used (${(cause as Error).message}). Set OPERATE_DATA_DIR to a folder of yours.`;
    throw new AppError("PRECONDITION", message, { cause });
  }
}
