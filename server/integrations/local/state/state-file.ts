import { existsSync, readFileSync, renameSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { AppError } from "#server/agent/kernel/errors.ts";
import { directoryOf } from "../../../../scripts/bootstrap/lock-holder.mjs";
import { worksOn } from "./directory.ts";
import { replaceFile } from "./state-file-room.ts";
import { storageProblem } from "./storage-problem.ts";

/** What the daemon must know after it died: the wanted instances, their processes, the ports and weights. */

/** How an instance was last started: with it one whose version left the configuration can be started again. */
const LaunchRecordSchema = z.strictObject({
  command: z.array(z.string()),
  /** absolute */
  cwd: z.string(),
  /** as written: references to secrets and addresses, never their values */
  env: z.record(z.string(), z.string()),
  healthPath: z.string().nullable(),
  /** null: it is ready once it listens */
  readinessPath: z.string().nullable(),
  readinessIntervalMs: z.number().int(),
  readinessTimeoutMs: z.number().int(),
  stopTimeoutMs: z.number().int(),
  /** of the balancer in front, as configured; absent: an earlier Operate did not write it down */
  balancer: z.record(z.string(), z.unknown()).optional(),
});

const InstanceRecordSchema = z.strictObject({
  id: z.string(),
  key: z.string(),
  version: z.string(),
  createdAt: z.string(),
  restarts: z.number().int(),
  draining: z.boolean(),
  /** asked to stop: never started again */
  removed: z.boolean(),
  process: z
    .strictObject({
      ...{ pid: z.number().int(), identity: z.string(), port: z.number().int(), startedAt: z.string() },
      /** what the process and all that it starts inherit; absent: not known */
      launchId: z.string().optional(),
    })
    .nullable(),
  /** null: started by an Operate that did not write it down yet */
  launch: LaunchRecordSchema.nullable().default(null),
});

const ServiceRecordSchema = z.strictObject({
  service: z.string(),
  environment: z.string(),
  port: z.number().int(),
  weights: z.record(z.string(), z.number()).nullable(),
  candidate: z.string().nullable().default(null),
  /** by which callers are dealt to the candidate; a secret of this rollout */
  salt: z.string().nullable().default(null),
  /** why the weights are a guess that nobody has confirmed; null: somebody set them, or they are not needed */
  doubt: z.string().nullable().default(null),
  instances: z.array(InstanceRecordSchema),
});

/**
 * 2 added `launch`, 3 `launch.balancer`, 4 `generation` and `launchId`, 5 `doubt`, 6 `directory` and `salt`; an older
 * Operate, which would not know it, is kept from replacing what runs.
 */
const FORMAT = 6;
const StateSchema = z.strictObject({
  format: z.literal([1, 2, 3, 4, 5, FORMAT]),
  /** of two states the later one has the higher number; 0: not known */
  generation: z.number().int().default(0),
  /** identity of the data directory whose processes these are; absent: an earlier Operate did not write it down */
  directory: z.string().optional(),
  services: z.array(ServiceRecordSchema),
});

export type LaunchRecord = z.infer<typeof LaunchRecordSchema>;
export type InstanceRecord = z.infer<typeof InstanceRecordSchema>;
export type ServiceRecord = z.infer<typeof ServiceRecordSchema>;

/** What is known of the services, and where from. */
export interface LoadedState {
  services: ServiceRecord[];
  generation: number;
  /** `file`: as last written. `copy`: a write before that. `none`: there is no file. `lost`: none can be read. */
  origin: "file" | "copy" | "none" | "lost";
  /** what is wrong with the file; null for `file` and `none` */
  problem: string | null;
}

type Content = { services: ServiceRecord[]; generation: number } | { problem: string } | null;

/**
 * The state file of one data directory. Writes replace the file whole, one after the other; what it held before stays
 * beside it as `*.previous` and serves when the file is gone, broken or older.
 */
export class StateFile {
  readonly #path: string;
  readonly #previous: string;
  readonly #dataDir: string;
  #running: Promise<void> = Promise.resolve();
  #queued: { services: ServiceRecord[]; done: Promise<void> } | undefined;
  #generation = 0;

  constructor(path: string) {
    this.#path = path;
    this.#previous = `${path}.previous`;
    this.#dataDir = dirname(dirname(resolve(path)));
  }

  /** The number of the newest write that succeeded or failed: what begins now, later states may know. */
  get generation(): number {
    return this.#generation;
  }

  /** Later writes have higher numbers than this one. */
  continueFrom(generation: number): void {
    this.#generation = Math.max(this.#generation, generation);
  }

  /** Changes nothing on disk. @throws PRECONDITION for a file of a newer Operate */
  load(): LoadedState {
    const [file, copy] = [this.#read(this.#path), this.#read(this.#previous)];
    const readable = copy !== null && "services" in copy ? copy : null;
    if (file !== null && "services" in file) {
      if (readable === null || readable.generation <= file.generation)
        return { ...file, origin: "file", problem: null };
      return { ...readable, origin: "copy", problem: `${this.#path} is older than the copy beside it` };
    }
    const nothing = { services: [], generation: 0 };
    if (file === null && copy === null) return { ...nothing, origin: "none", problem: null };
    const problem = file === null ? `${this.#path} is gone` : file.problem;
    return readable === null ? { ...nothing, origin: "lost", problem } : { ...readable, origin: "copy", problem };
  }

  /** Keeps files that cannot be read beside, as `*.broken-…`, before new ones take their place. */
  setBrokenAside(): void {
    const at = new Date().toISOString().replaceAll(":", "");
    for (const path of [this.#path, this.#previous]) {
      const content = this.#read(path);
      if (content !== null && "problem" in content) renameSync(path, `${path}.broken-${at}`);
    }
  }

  #read(path: string): Content {
    if (!existsSync(path)) return null;
    let raw: unknown;
    try {
      raw = JSON.parse(readFileSync(path, "utf8"));
    } catch (error) {
      if (error instanceof SyntaxError) return { problem: `${path} is not JSON` };
      throw error;
    }
    const format = z.object({ format: z.number() }).safeParse(raw);
    if (format.success && format.data.format > FORMAT)
      throw new AppError(
        "PRECONDITION",
        `${path} was written by a newer Operate. Start that one, nothing was changed.`,
      );
    const parsed = StateSchema.safeParse(raw);
    if (!parsed.success) return { problem: `${path} has unexpected content` };
    const { services, generation, directory } = parsed.data;
    return { services: services.map((service) => this.#withOwnProcesses(service, directory)), generation };
  }

  /** In a copy of a data directory the wanted instances are the copy's, and the processes are the original's. */
  #withOwnProcesses(service: ServiceRecord, directory: string | undefined): ServiceRecord {
    const instances = service.instances.map((one) =>
      one.process === null || worksOn(one.process.pid, this.#dataDir, directory) ? one : { ...one, process: null },
    );
    return { ...service, instances };
  }

  /** Resolves when this state, or a later one, is on disk. @throws PRECONDITION that says why it cannot be written */
  save(services: ServiceRecord[]): Promise<void> {
    if (this.#queued !== undefined) {
      this.#queued.services = services;
      return this.#queued.done;
    }
    const queued = { services, done: Promise.resolve() };
    queued.done = this.#running.then(() => {
      this.#queued = undefined;
      return this.#write(queued.services);
    });
    this.#queued = queued;
    this.#running = queued.done.catch(() => undefined);
    return queued.done;
  }

  /** The clock keeps numbers rising when every file was lost, and the last number when the clock was set back. */
  async #write(services: ServiceRecord[]): Promise<void> {
    const generation = Math.max(this.#generation + 1, Date.now());
    const directory = directoryOf(this.#dataDir) ?? undefined;
    const text = JSON.stringify({ format: FORMAT, generation, directory, services }, null, 1);
    try {
      await replaceFile({ path: this.#path, previous: this.#previous }, text);
    } catch (cause) {
      throw storageProblem(cause, this.#path);
    } finally {
      this.#generation = generation;
    }
  }
}
