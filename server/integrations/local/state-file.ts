import { existsSync, readFileSync, renameSync } from "node:fs";
import { open, rename } from "node:fs/promises";
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

/** 2 added `launch`; an older Operate, which would not know it, is kept from replacing what runs. */
const FORMAT = 2;
const StateSchema = z.strictObject({ format: z.literal([1, FORMAT]), services: z.array(ServiceRecordSchema) });

export type LaunchRecord = z.infer<typeof LaunchRecordSchema>;
export type InstanceRecord = z.infer<typeof InstanceRecordSchema>;
export type ServiceRecord = z.infer<typeof ServiceRecordSchema>;

/** The state file of one data directory. Writes replace the file whole, one after the other. */
export class StateFile {
  readonly #path: string;
  #running: Promise<void> = Promise.resolve();
  #queued: { text: string; done: Promise<void> } | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The services as last written; null when nothing was written yet.
   * @throws PRECONDITION when the file is broken (it is kept beside, as *.broken-…) or of a newer Operate (left alone)
   */
  load(): ServiceRecord[] | null {
    return this.#read((what, cause) => this.#refuse(what, cause));
  }

  /** The same for one who only looks: a broken file is left where it is. */
  peek(): ServiceRecord[] | null {
    return this.#read(() => null);
  }

  #read(broken: (what: string, cause: unknown) => null): ServiceRecord[] | null {
    if (!existsSync(this.#path)) return null;
    const text = readFileSync(this.#path, "utf8");
    let raw: unknown;
    try {
      raw = JSON.parse(text);
    } catch (cause) {
      return broken("is not JSON", cause);
    }
    const format = z.object({ format: z.number() }).safeParse(raw);
    if (format.success && format.data.format > FORMAT)
      throw new AppError(
        "PRECONDITION",
        `${this.#path} was written by a newer Operate. Start that one, nothing was changed.`,
      );
    const parsed = StateSchema.safeParse(raw);
    return parsed.success ? parsed.data.services : broken("has unexpected content", parsed.error);
  }

  #refuse(what: string, cause: unknown): never {
    const kept = `${this.#path}.broken-${new Date().toISOString().replaceAll(":", "")}`;
    renameSync(this.#path, kept);
    const next = "Start again to begin with what the configuration says, or repair it and move it back first.";
    throw new AppError("PRECONDITION", `${this.#path} ${what}; it was kept as ${kept}. ${next}`, { cause });
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
    await rename(temporary, this.#path);
    const folder = await open(dirname(this.#path), "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}
