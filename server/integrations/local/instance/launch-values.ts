import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { Logger } from "pino";
import { z } from "zod";
import { type Confidential, keepConfidential } from "#server/agent/kernel/confidential/confidential.ts";
import { localPaths } from "../state/paths.ts";
import { replaceFile } from "../state/state-file-room.ts";

/**
 * What references stood for when instances were started. A secret may have another value by now, or its reference may
 * have left the configuration: while an instance or its log is there, the old value is as confidential as it was.
 */

const CIPHER = "aes-256-gcm";
const LOOK_MS = 1_000;

const SealedSchema = z.object({ format: z.literal(1), nonce: z.string(), tag: z.string(), data: z.string() });
const ValuesSchema = z.array(
  z.object({
    ...{ value: z.string(), shown: z.string(), secret: z.union([z.boolean(), z.literal("in doubt")]) },
    instances: z.array(z.string()),
  }),
);
type Known = z.infer<typeof ValuesSchema>[number];

const keyOf = (secret: string): Buffer => createHash("sha256").update(secret).digest();
const filesOf = (path: string) => ({ path, previous: `${path}.previous` });

function seal(values: readonly Known[], secret: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv(CIPHER, keyOf(secret), nonce);
  const data = Buffer.concat([cipher.update(JSON.stringify(values), "utf8"), cipher.final()]);
  const written = { nonce, tag: cipher.getAuthTag(), data };
  const texts = Object.entries(written).map(([key, bytes]) => [key, bytes.toString("base64")]);
  return JSON.stringify({ format: 1, ...Object.fromEntries(texts) });
}

/** Null for a file that is not there, is damaged, or was sealed with another key. */
function openSealed(path: string, secret: string): Known[] | null {
  try {
    const { nonce, tag, data } = SealedSchema.parse(JSON.parse(readFileSync(path, "utf8")));
    const decipher = createDecipheriv(CIPHER, keyOf(secret), Buffer.from(nonce, "base64"), { authTagLength: 16 });
    decipher.setAuthTag(Buffer.from(tag, "base64"));
    const plain = Buffer.concat([decipher.update(Buffer.from(data, "base64")), decipher.final()]);
    return ValuesSchema.parse(JSON.parse(plain.toString("utf8")));
  } catch {
    return null; // whoever needs it looks again, or reads the processes themselves
  }
}

/** As parts: none of them is what its reference stands for now. */
const keep = (values: readonly Known[]): void =>
  keepConfidential(values.map(({ value, shown, secret }) => ({ value, shown, secret, isPart: true })));

/** The daemon's list, sealed on disk with the installation's key. Without a key it is kept in memory alone. */
export class LaunchValues {
  readonly #path: string;
  readonly #secret: string | undefined;
  readonly #logger: Pick<Logger, "error">;
  #values: Known[] = [];
  #isWritten = true;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, secret: string | undefined, logger: Pick<Logger, "error">) {
    this.#path = path;
    this.#secret = secret || undefined;
    this.#logger = logger;
    if (this.#secret === undefined) return;
    const { previous } = filesOf(path);
    this.#values = openSealed(path, this.#secret) ?? openSealed(previous, this.#secret) ?? [];
    keep(this.#values);
  }

  has(instanceId: string): boolean {
    return this.#values.some(({ instances }) => instances.includes(instanceId));
  }

  /** To be awaited before an instance is started with these values. What cannot be written is tried again by `write`. */
  async add(instanceId: string, values: readonly Confidential[]): Promise<void> {
    for (const { value, shown, secret } of values) {
      if (value === "") continue;
      const same = this.#values.find((one) => one.value === value && one.shown === shown && one.secret === secret);
      if (same?.instances.includes(instanceId)) continue;
      this.#isWritten = false;
      if (same) same.instances.push(instanceId);
      else this.#values.push({ value, shown, secret, instances: [instanceId] });
    }
    if (this.#isWritten) return;
    keep(this.#values);
    await this.write();
  }

  /** Forgets what only instances were started with of which nothing is left. */
  async keepOnly(instanceIds: ReadonlySet<string>): Promise<void> {
    const kept = this.#values.map((one) => ({ ...one, instances: one.instances.filter((id) => instanceIds.has(id)) }));
    const count = (values: Known[]) => values.reduce((sum, { instances }) => sum + instances.length, 0);
    if (count(kept) === count(this.#values)) return;
    this.#values = kept.filter(({ instances }) => instances.length > 0);
    this.#isWritten = false;
    await this.write();
  }

  /** Writes what is not written yet. Never throws: an instance is not kept from starting by a full disk. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    if (this.#isWritten || this.#secret === undefined) return;
    this.#isWritten = true;
    try {
      await replaceFile(filesOf(this.#path), seal(this.#values, this.#secret));
    } catch (err) {
      this.#isWritten = false;
      this.#logger.error({ err }, "what instances were started with could not be written, trying again");
    }
  }
}

/**
 * Keeps confidential in this process what instances of a data directory were started with: at once, and as the daemon
 * adds to it.
 */
export function watchLaunchValues(dataDir: string, secret: string | undefined): { close(): void } {
  if (!secret) return { close: () => undefined };
  const { values: path } = localPaths(dataDir);
  let seen = "";
  const look = () => {
    const found = marksOf(path);
    if (found === seen) return;
    const values = openSealed(path, secret) ?? openSealed(filesOf(path).previous, secret);
    if (values === null) return; // not there, or just being replaced
    keep(values);
    seen = found;
  };
  look();
  const timer = setInterval(look, LOOK_MS).unref();
  return { close: () => clearInterval(timer) };
}

const marksOf = (path: string): string => {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? "none" : `${found.ino} ${found.mtimeMs} ${found.size}`;
};
