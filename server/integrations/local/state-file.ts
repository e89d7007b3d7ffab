import { existsSync, readFileSync, renameSync } from "node:fs";
import { copyFile, link, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { AppError } from "#server/agent/kernel/errors.ts";
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
    .strictObject({ pid: z.number().int(), identity: z.string(), port: z.number().int(), startedAt: z.string() })
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
  instances: z.array(InstanceRecordSchema),
});

/** 2 added `launch`, 3 `launch.balancer`; an older Operate, which would not know it, is kept from replacing what runs. */
const FORMAT = 3;
const StateSchema = z.strictObject({ format: z.literal([1, 2, FORMAT]), services: z.array(ServiceRecordSchema) });

export type LaunchRecord = z.infer<typeof LaunchRecordSchema>;
export type InstanceRecord = z.infer<typeof InstanceRecordSchema>;
export type ServiceRecord = z.infer<typeof ServiceRecordSchema>;

/** What is known of the services, and where from. */
export interface LoadedState {
  services: ServiceRecord[];
  /** `file`: as last written. `copy`: as written before that. `none`: there is no file. `lost`: none can be read. */
  origin: "file" | "copy" | "none" | "lost";
  /** what is wrong with the file; null for `file` and `none` */
  problem: string | null;
}

type Content = { services: ServiceRecord[] } | { problem: string } | null;

/**
 * The state file of one data directory. Writes replace the file whole, one after the other; what it held before stays
 * beside it as `*.previous` and serves when the file is gone or broken.
 */
export class StateFile {
  readonly #path: string;
  readonly #previous: string;
  #running: Promise<void> = Promise.resolve();
  #queued: { text: string; done: Promise<void> } | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#previous = `${path}.previous`;
  }

  /** Changes nothing on disk. @throws PRECONDITION for a file of a newer Operate */
  load(): LoadedState {
    const file = this.#read(this.#path);
    if (file !== null && "services" in file) return { services: file.services, origin: "file", problem: null };
    const copy = this.#read(this.#previous);
    if (file === null && copy === null) return { services: [], origin: "none", problem: null };
    const problem = file === null ? `${this.#path} is gone` : file.problem;
    if (copy !== null && "services" in copy) return { services: copy.services, origin: "copy", problem };
    return { services: [], origin: "lost", problem };
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
    return parsed.success ? parsed.data : { problem: `${path} has unexpected content` };
  }

  /** Resolves when this state, or a later one, is on disk. @throws PRECONDITION that says why it cannot be written */
  save(services: ServiceRecord[]): Promise<void> {
    const text = `${JSON.stringify({ format: FORMAT, services }, null, 1)}\n`;
    if (this.#queued !== undefined) {
      this.#queued.text = text;
      return this.#queued.done;
    }
    const queued = { text, done: Promise.resolve() };
    queued.done = this.#running.then(() => {
      this.#queued = undefined;
      return this.#write(queued.text).catch((cause: unknown) => {
        throw storageProblem(cause, this.#path);
      });
    });
    this.#queued = queued;
    this.#running = queued.done.catch(() => undefined);
    return queued.done;
  }

  async #write(text: string): Promise<void> {
    const temporary = `${this.#path}.tmp`;
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#keepPrevious();
    await rename(temporary, this.#path);
    const folder = await open(dirname(this.#path), "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  /** The file keeps its place meanwhile. Where the disk takes no copy, an older one serves. */
  async #keepPrevious(): Promise<void> {
    const fresh = `${this.#previous}.tmp`;
    try {
      await rm(fresh, { force: true });
      await link(this.#path, fresh).catch(() => copyFile(this.#path, fresh)); // some file systems have no links
      await rename(fresh, this.#previous);
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error; // no file yet, or no room
    }
  }
}
