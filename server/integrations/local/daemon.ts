import { once } from "node:events";
import { chmodSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Logger, pino } from "pino";
import { AppError } from "#server/agent/kernel/errors.ts";
import { loadConfig } from "#server/config/load.ts";
import { releaseIdleMemory } from "#server/idle-memory.ts";
import { createControlServer } from "./control.ts";
import { claimLock } from "./daemon-lock.ts";
import { daemonLog } from "./daemon-log.ts";
import { FaultLog } from "./fault-log.ts";
import { Fleet } from "./fleet.ts";
import { partFromLostDaemons } from "./running-daemon.ts";
import { localPaths, privateDir } from "./state/paths.ts";
import { outliveExceptions } from "./uncaught.ts";

const LOCK_LOOK_MS = 1_000;

/**
 * Entry process of the local platform, the data plane: it depends on no other process and outlives the one that
 * started it. Environment: OPERATE_DATA_DIR, OPERATE_CONFIG (a file), OPERATE_DAEMON_LOG (a file; else standard
 * output). Only SIGTERM or SIGINT stop the balancers and all instances; a second signal stops waiting. Killed with -9
 * it leaves the instances running, and the next daemon takes them over; so does one that is asked to leave.
 */
async function main(logger: Logger): Promise<void> {
  const dataDir = resolve(required("OPERATE_DATA_DIR"));
  const loaded = loadConfig(required("OPERATE_CONFIG"));
  const paths = localPaths(dataDir);
  for (const dir of [paths.dir, paths.logs, dirname(paths.socket)]) privateDir(dir);
  const lock = await claimLock(paths.lock, dataDir, () =>
    logger.warn({ lock: paths.lock }, "waits to see whether the daemon that the lock names still runs elsewhere"),
  );

  const fleet = new Fleet({ loaded, dataDir, paths, logger });
  const lost = await partFromLostDaemons(dataDir);
  for (const pid of lost) logger.warn({ pid }, "a daemon that had lost its lock has left; what it ran is taken over");
  const opening = Promise.resolve().then(() => fleet.open());
  const control = createControlServer(fleet, {
    onFault: (error) => logger.error({ err: error }, "a control request failed"),
    onLeft: () => leave().catch((error: unknown) => fail(logger, error)),
  });
  let stopping: Promise<void> | undefined;
  const stop = async (reason: string): Promise<void> => {
    logger.info({ reason }, "stopping the instances");
    control.close();
    await opening.catch(() => undefined);
    await fleet.close();
    control.closeAllConnections();
    lock.release();
    logger.info("stopped");
    await ownLog?.written();
    process.exit(0);
  };
  const leave = async (): Promise<void> => {
    if (stopping !== undefined) return;
    logger.info("left the instances to the next daemon");
    lock.release();
    await ownLog?.written();
    process.exit(0);
  };
  // Somebody removed or replaced the data directory: whoever starts on it now must find ports and instances free.
  const looking = setInterval(() => {
    if (stopping !== undefined || lock.isHeld()) return;
    clearInterval(looking);
    logger.error("the lock of the data directory is not this daemon's any more; it ends and leaves the instances");
    leave().catch((error: unknown) => fail(logger, error));
  }, LOCK_LOOK_MS);
  const onStop = (reason: string) => () => {
    if (stopping !== undefined) fleet.hurry();
    stopping ??= stop(reason).catch((error: unknown) => fail(logger, error));
  };
  process.on("SIGTERM", onStop("SIGTERM"));
  process.on("SIGINT", onStop("SIGINT"));
  process.on("SIGHUP", () => {}); // a terminal that closes is no order to stop

  try {
    await opening;
  } catch (error) {
    lock.release();
    throw error;
  }
  rmSync(paths.socket, { force: true });
  control.listen(paths.socket);
  await once(control, "listening");
  chmodSync(paths.socket, 0o600);
  // From here on it serves. Until then whoever started it hears that it could not.
  process.off("uncaughtExceptionMonitor", onFatal);
  outliveExceptions(new FaultLog(logger, "an exception that nobody caught"));
  releaseIdleMemory({ everyMs: null }); // the balancers stand still meanwhile
  logger.info({ pid: process.pid, services: fleet.units.all().length }, "the local platform is ready");
  if (process.connected) process.send?.({ type: "ready" }, () => {}); // a parent that is gone need not know
}

function required(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== "") return value;
  throw new AppError("PRECONDITION", `The local platform daemon needs ${name}. It is started by the supervisor.`);
}

function fail(logger: Logger, error: unknown): never {
  if (error instanceof AppError) logger.fatal({ code: error.code }, error.message);
  else logger.fatal({ err: error }, "the local platform daemon failed");
  process.exit(1);
}

const logFile = process.env.OPERATE_DAEMON_LOG;
const ownLog = logFile ? daemonLog(logFile) : null;
const logger = pino({ name: "local-platform" }, ownLog ?? pino.destination({ dest: 1, sync: true }));
// whoever read standard output and error may be gone: that must not end the instances
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
const onFatal = (error: Error) => logger.fatal({ err: error }, "the local platform daemon failed");
process.on("uncaughtExceptionMonitor", onFatal);
main(logger).catch((error: unknown) => fail(logger, error));
