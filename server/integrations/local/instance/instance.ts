import { setTimeout as sleep } from "node:timers/promises";
import { monotonicMs } from "#server/agent/kernel/clock.ts";
import { AppError, toAppError } from "#server/agent/kernel/errors.ts";
import type { InstanceState } from "#server/agent/ports/workloads.ts";
import type { Target } from "../balancer/exchange-host.ts";
import type { InstanceRecord, LaunchRecord } from "../state/state-file.ts";
import { diskTakesNothing } from "../state/storage-problem.ts";
import { describeExit, stopNote } from "./exit-reason.ts";
import { adopt, type ExitInfo, type launch, type RunningProcess, terminate } from "./process.ts";
import { checkReadiness, SeenListeners } from "./readiness.ts";
import {
  afterCrash,
  afterRefusedStart,
  type CrashHistory,
  NO_CRASHES,
  type RestartDecision,
} from "./restart-policy.ts";

/** What one instance needs of its surroundings. */
export interface InstanceHost {
  readiness: { path: string | null; intervalMs: number; timeoutMs: number };
  stopTimeoutMs: number;
  freePort(): Promise<number>;
  /** @throws AppError when the command cannot be started; its message becomes the instance's reason */
  launch(instance: Instance, port: number): ReturnType<typeof launch>;
  createTarget(instanceId: string, version: string, port: number): Target;
  /** what the last process said about its end, and whether it could say anything */
  lastWords(instanceId: string): Promise<{ said: string | null; diskFull: boolean }>;
  /** whether nothing can be written any more where its logs are */
  diskFull(): Promise<boolean>;
  /** ends processes that the instance's own left behind */
  endLeftovers(instanceId: string): Promise<void>;
  /** something changed: `wanted` when it must survive the daemon, `seen` when only the rotation may change */
  changed(what: "wanted" | "seen"): void;
}

/** What goes on with the process of an instance. Only one of these at a time may bring forth a process. */
type Stage = "idle" | "launching" | "running" | "ending" | "waiting";
type Phase = Extract<InstanceState, "starting" | "ready" | "unready" | "restarting" | "crash-looping">;

const FAILURES_TO_UNREADY = 3;
const FIRST_CHECKS_MS = [80, 80, 120, 200, 300];
const DRAIN_POLL_MS = 20;
/** for what it printed last to be in its log; while the disk is full the writers take a second */
const LOGGED_MS = 2_000;
/** for a process to say goodbye on upgraded connections: its server may wait for them to end before it ends itself … */
const GOODBYE_MS = 2_000;
/** … and at most this part of the time until it is killed, of which the rest is for its last work */
const GOODBYE_SHARE = 0.5;
/** streams, which a server may wait for as well, may be downloads that come to their end */
const STREAMS_SHARE = 0.75;
/** for what a process sent last to reach the clients, who may have to answer before their connection ends */
const LAST_BYTES_MS = 1_000;
const ROOM_POLL_MS = 1_000;

/** One instance of one version: keeps a process running, checks it, restarts it, drains and stops it. */
export class Instance {
  readonly id: string;
  readonly key: string;
  readonly version: string;
  readonly createdAt: string;
  restarts: number;
  reason: string | null = null;
  /** why the process before ended, until one is ready: what a new one lacks tells less */
  #crashed: string | null = null;
  startedAt: string;
  /** of the monotonic clock, as all times here that something is due at */
  #startedMs = monotonicMs();
  port = 0;
  target: Target | null = null;
  removed: boolean;
  /** how its process was started */
  launch: LaunchRecord | null;
  readonly #host: InstanceHost;
  #phase: Phase = "starting";
  #stage: Stage = "idle";
  #draining: boolean;
  #terminating = false;
  #process: RunningProcess | null = null;
  #crashes: CrashHistory = NO_CRASHES;
  #failedChecks = 0;
  readonly #seen = new SeenListeners();
  /** aborted when the current process, or the wait for the next one, is over */
  #life = new AbortController();
  #busy: Promise<void> = Promise.resolve();
  #stopped: Promise<string | null> | null = null;
  #drainUntilMs = Number.POSITIVE_INFINITY;

  constructor(host: InstanceHost, record: Omit<InstanceRecord, "process">) {
    this.#host = host;
    this.id = record.id;
    this.key = record.key;
    this.version = record.version;
    this.createdAt = record.createdAt;
    this.startedAt = record.createdAt;
    this.restarts = record.restarts;
    this.removed = record.removed;
    this.launch = record.launch;
    this.#draining = record.draining;
  }

  get state(): InstanceState {
    if (this.#terminating) return "stopping";
    return this.#draining || this.#stopped !== null ? "draining" : this.#phase;
  }

  get leaving(): boolean {
    return this.#draining || this.#stopped !== null || this.removed;
  }

  get inRotation(): boolean {
    return this.#phase === "ready" && !this.leaving;
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** The start of a process or the end of one is under way: which processes are its own is not settled. */
  get unsettled(): boolean {
    return this.#stage === "launching" || this.#stage === "ending";
  }

  get inFlight(): number {
    return this.target?.inFlight ?? 0;
  }

  record(): InstanceRecord {
    const { id, key, version, createdAt, restarts, removed, port, startedAt, launch } = this;
    const process = this.#process && recordOf(this.#process, port, startedAt);
    return { id, key, version, createdAt, restarts, removed, draining: this.#draining, process, launch };
  }

  /**
   * Starts a process unless there is one, or one that ended is about to be replaced; a scheduled start takes place now.
   * Resolves when it was spawned or could not be.
   */
  start(): Promise<void> {
    if (this.#stage === "launching") return this.#busy;
    if (this.#stopped !== null || this.#stage === "running" || this.#stage === "ending") return Promise.resolve();
    this.#stage = "launching";
    this.#busy = this.#launch(this.#beginLife());
    return this.#busy;
  }

  /** Ends what the instance waited for before, so that nothing that is scheduled can start a second process. */
  #beginLife(): AbortSignal {
    this.#life.abort();
    this.#life = new AbortController();
    return this.#life.signal;
  }

  /** Takes over the process of a record; false when it is gone. Resolves after its first readiness check. */
  async adopt(process: NonNullable<InstanceRecord["process"]>): Promise<boolean> {
    const running = this.#stage === "idle" ? adopt(process.pid, process.identity) : null;
    if (running === null) return false;
    this.#beginLife();
    this.startedAt = process.startedAt;
    this.#startedMs = monotonicMs() - Math.max(0, Date.now() - Date.parse(process.startedAt));
    this.#enter(running, process.port);
    await this.#checkOnce();
    return true;
  }

  /** Asks again at once: a connection was refused. */
  suspect(): void {
    if (this.#phase === "ready") void this.#checkOnce();
  }

  /** No new requests from now on; resolves with the number in flight when there is none, or at the deadline. */
  async drain(timeoutMs: number): Promise<number> {
    if (!this.#draining) {
      this.#draining = true;
      this.#host.changed("wanted");
    }
    await this.#untilIdle(monotonicMs() + timeoutMs);
    return this.inFlight;
  }

  /** @throws PRECONDITION when it is being stopped already */
  undrain(): void {
    if (this.#stopped !== null || this.removed)
      throw new AppError("PRECONDITION", "The instance is being stopped. Start a new one.");
    this.#draining = false;
    if (this.#phase === "unready") this.#phase = "ready";
    this.#failedChecks = 0;
    this.#host.changed("wanted");
  }

  /**
   * Drains, SIGTERM, cuts upgraded connections and later streams, SIGKILL, cuts all others; each step only while the
   * process has not ended. A second call can only make the drain shorter. Resolves with what did not go as it should, or
   * null.
   */
  stop(drainTimeoutMs: number): Promise<string | null> {
    this.#drainUntilMs = Math.min(this.#drainUntilMs, monotonicMs() + drainTimeoutMs);
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<string | null> {
    await this.#busy;
    this.#host.changed("seen");
    if (this.#process !== null) await this.#untilIdle();
    const leftInFlight = this.inFlight;
    this.#terminating = true;
    this.#life.abort();
    this.#host.changed("seen");
    const running = this.#process;
    this.#stage = "ending";
    // Idle connections close, so that the process need not wait for them. All others stay for now: it may finish what is
    // in flight, and say goodbye on a WebSocket.
    void this.target?.pool.close();
    const killed = running !== null && (await this.#terminate(running));
    await passOnLastBytes(this.target, "order");
    this.#process = null;
    this.target = null;
    await this.#host.endLeftovers(this.id);
    if (running !== null) await logged(running);
    return stopNote({ killedAfterMs: killed ? this.#host.stopTimeoutMs : null, leftInFlight });
  }

  /** Ends the process, and in time what it may wait for without an end; @returns whether it was killed */
  async #terminate(running: RunningProcess): Promise<boolean> {
    const { stopTimeoutMs } = this.#host;
    const pool = this.target?.pool;
    const cuts = [
      setTimeout(() => pool?.cutUpgraded(), Math.min(GOODBYE_MS, stopTimeoutMs * GOODBYE_SHARE)),
      setTimeout(() => pool?.cutStreams(), stopTimeoutMs * STREAMS_SHARE),
    ];
    try {
      return await terminate(running, stopTimeoutMs);
    } finally {
      for (const cut of cuts) clearTimeout(cut);
    }
  }

  async #untilIdle(untilMs?: number): Promise<void> {
    while (this.inFlight > 0 && monotonicMs() < (untilMs ?? this.#drainUntilMs)) await sleep(DRAIN_POLL_MS);
  }

  async #launch(life: AbortSignal): Promise<void> {
    this.startedAt = new Date().toISOString();
    this.#startedMs = monotonicMs();
    try {
      const port = await this.#host.freePort();
      const running = await this.#host.launch(this, port);
      if (this.#phase !== "crash-looping") this.#phase = "starting";
      this.#enter(running, port);
      this.#host.changed("wanted");
    } catch (error) {
      const known = toAppError(error);
      this.#rest(life, known.message, afterRefusedStart(this.#crashes), diskTakesNothing(known.cause));
    }
  }

  #enter(running: RunningProcess, port: number): void {
    this.#stage = "running";
    this.#process = running;
    this.port = port;
    this.target = this.#host.createTarget(this.id, this.version, port);
    this.#failedChecks = 0;
    const life = this.#life;
    void this.#keepChecking(life.signal);
    void running.exited.then((exit) => (life.signal.aborted ? undefined : this.#onExit(running, exit)));
  }

  async #onExit(running: RunningProcess, exit: ExitInfo | null): Promise<void> {
    const ranForMs = monotonicMs() - this.#startedMs;
    const life = this.#beginLife();
    this.#stage = "ending";
    this.#process = null;
    if (this.#phase !== "crash-looping") this.#phase = "restarting";
    this.#host.changed("seen");
    const { target } = this;
    this.target = null;
    await passOnLastBytes(target, "crash");
    // what cannot be looked for now is found by the next look for strays; the restart must not fail with it
    await this.#host.endLeftovers(this.id).catch(() => undefined);
    await logged(running);
    const words = await this.#host.lastWords(this.id).catch(() => ({ said: null, diskFull: false }));
    const reason = describeExit({ exit, ranForMs, ...words });
    this.#rest(life, reason, afterCrash(this.#crashes, monotonicMs(), ranForMs), words.diskFull);
  }

  /** @param forRoom the disk was full, so that the next start may come as soon as there is room */
  #rest(life: AbortSignal, reason: string, decision: RestartDecision, forRoom: boolean): void {
    this.#stage = "waiting";
    this.#crashes = decision.history;
    this.#phase = decision.crashLooping ? "crash-looping" : "restarting";
    this.reason = reason;
    this.#crashed = reason;
    this.#host.changed("wanted");
    if (this.#stopped !== null || this.removed) return;
    void this.#restartAfter(decision.delayMs, forRoom, life);
  }

  async #restartAfter(delayMs: number, forRoom: boolean, signal: AbortSignal): Promise<void> {
    const atMs = monotonicMs() + delayMs;
    do {
      const waitMs = Math.max(0, atMs - monotonicMs());
      const over = await sleep(forRoom ? Math.min(ROOM_POLL_MS, waitMs) : waitMs, false, { signal }).catch(() => true);
      if (over || this.#stopped !== null) return;
    } while (forRoom && monotonicMs() < atMs && (await this.#host.diskFull().catch(() => true)));
    if (signal.aborted || this.#stopped !== null) return;
    this.restarts++;
    await this.start();
  }

  async #keepChecking(signal: AbortSignal): Promise<void> {
    for (let round = 0; !signal.aborted; round++) {
      const delayMs = Math.min(
        FIRST_CHECKS_MS[round] ?? this.#host.readiness.intervalMs,
        this.#host.readiness.intervalMs,
      );
      if (await sleep(delayMs, false, { signal }).catch(() => true)) return;
      await this.#checkOnce();
    }
  }

  async #checkOnce(): Promise<void> {
    const { signal } = this.#life;
    const { pid } = this;
    if (pid === null) return;
    const { path, timeoutMs } = this.#host.readiness;
    const asked = { port: this.port, path, timeoutMs, instance: { id: this.id, pid }, seen: this.#seen, signal };
    const failure = await checkReadiness(asked);
    if (signal.aborted) return;
    const before = this.#phase;
    if (failure === null) {
      this.#failedChecks = 0;
      this.#phase = "ready";
      this.reason = null;
      this.#crashed = null;
    } else {
      this.#failedChecks++;
      if (before === "starting" || this.#failedChecks >= FAILURES_TO_UNREADY) this.reason = this.#after(failure);
      if (before === "ready" && this.#failedChecks >= FAILURES_TO_UNREADY) this.#phase = "unready";
    }
    if (this.#phase !== before) this.#host.changed("seen");
  }

  #after(failure: string): string {
    return this.#crashed === null ? failure : `${this.#crashed}; it was started again, and ${failure}`;
  }
}

const recordOf = ({ pid, identity, launchId }: RunningProcess, port: number, startedAt: string) => ({
  ...{ pid, identity, port, startedAt },
  ...(launchId === undefined ? {} : { launchId }),
});

/** The process has ended: what it sent last goes to the clients, then what is left of its connections is cut. */
async function passOnLastBytes(target: Target | null, why: "order" | "crash"): Promise<void> {
  if (target === null) return;
  await Promise.race([target.pool.close(why), sleep(LAST_BYTES_MS, undefined, { ref: false })]);
  await target.pool.destroy();
}

/** Resolves when the log of a process that ended is written, or after a while. */
const logged = (ended: RunningProcess): Promise<void> =>
  Promise.race([ended.logged, sleep(LOGGED_MS, undefined, { ref: false })]);
