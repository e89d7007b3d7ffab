import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { z } from "zod";
import { AppError } from "../agent/kernel/errors.ts";
import { connectTo } from "./connect.ts";
import { listMigrations } from "./migrate.ts";

/** Which installation a data directory and a database belong to, so that two never share one database by accident. */

const IdSchema = z.string().regex(/^[a-z0-9-]{8,64}$/);
const FileSchema = z.object({ id: IdSchema });
const fileOf = (dataDir: string): string => join(dataDir, "installation.json");

/** Whether this data directory has worked on its database before. */
export const databaseWasOurs = (dataDir: string): boolean => existsSync(fileOf(dataDir));

interface Options {
  url: string;
  dataDir: string;
  /** the database lives in the data directory itself */
  embedded: boolean;
  env: NodeJS.ProcessEnv;
}

interface Looking extends Options {
  connectMs?: number;
}

const CONNECT_MS = 30_000;

/**
 * Makes sure that data directory and database name the same installation. The first start writes its id to both;
 * OPERATE_INSTALLATION_ID, set to the database's id, joins or takes over an existing one on purpose.
 * @throws CONFLICT when the database belongs to another installation or program, PRECONDITION for a damaged file, INVALID for an
 * id that is none. Nothing is changed then.
 */
export async function assertOwnDatabase({ url, dataDir, embedded, env }: Options): Promise<void> {
  const before = readId(dataDir);
  const given = givenId(env.OPERATE_INSTALLATION_ID);
  const client = await connectTo(url, CONNECT_MS);
  try {
    const owner = (await readOwner(client)) ?? (await claim(client, { dataDir, id: given ?? before ?? randomUUID() }));
    const known = readId(dataDir);
    if (!isOurs(owner, { known, given, embedded })) throw refusal(owner, given);
    if (owner.id !== known) writeId(dataDir, owner.id);
  } finally {
    await client.end();
  }
}

/**
 * Refuses as `assertOwnDatabase` does, and changes nothing: neither an unmigrated database nor one that is nobody's
 * is taken. For what looks before it acts, and for what acts on a database beside a start.
 */
export async function refuseForeignDatabase({ url, dataDir, embedded, env, connectMs }: Looking): Promise<void> {
  const known = readId(dataDir);
  const given = givenId(env.OPERATE_INSTALLATION_ID);
  const client = await connectTo(url, connectMs ?? CONNECT_MS);
  try {
    await refuseOtherTables(client);
    const { rows } = await client.query("select to_regclass('installation') as name");
    const owner = rows[0]?.name ? await readOwner(client) : null;
    if (owner !== null && !isOurs(owner, { known, given, embedded })) throw refusal(owner, given);
  } finally {
    await client.end();
  }
}

/** The same for a tool beside Operate: a data directory that never had a database says nothing about one. */
export async function refuseForeignForTool(url: string, dataDir: string, env: NodeJS.ProcessEnv): Promise<void> {
  if (databaseWasOurs(dataDir)) await refuseForeignDatabase({ url, dataDir, embedded: false, env });
}

interface Known {
  known: string | null;
  given: string | null;
  embedded: boolean;
}

const isOurs = (owner: Owner, { known, given, embedded }: Known): boolean =>
  owner.id === known || owner.id === given || (embedded && known === null);

const OwnerSchema = z.object({ id: z.string(), host: z.string(), dataDir: z.string() });
type Owner = z.infer<typeof OwnerSchema>;

/** undefined_column, wrong_object_type: another program's table, or something else of that name */
const OF_ANOTHER_KIND = new Set(["42703", "42809"]);

/** @throws CONFLICT when `installation` is not what Operate makes of it */
async function readOwner(client: pg.Client): Promise<Owner | null> {
  let rows: unknown[];
  try {
    ({ rows } = await client.query(`select id, host, "dataDir" from installation limit 1`));
  } catch (cause) {
    if (!OF_ANOTHER_KIND.has(String((cause as { code?: unknown }).code))) throw cause;
    throw otherProgram("installation", cause);
  }
  if (rows.length === 0) return null;
  const owner = OwnerSchema.safeParse(rows[0]);
  if (!owner.success) throw otherProgram("installation", owner.error);
  return owner.data;
}

/** @throws CONFLICT when a database that no release of Operate migrated holds something by the name of a table of ours */
async function refuseOtherTables(client: pg.Client): Promise<void> {
  const found = await client.query<{ name: string }>(
    "select name from unnest($1::text[]) as name where to_regclass(quote_ident(name)) is not null limit 1",
    [tablesOf(listMigrations())],
  );
  // asked second: a release that migrates at this moment made it before the tables
  const migrated = await client.query("select to_regclass('_prisma_migrations') as name");
  const [taken] = found.rows;
  if (taken !== undefined && !migrated.rows[0]?.name) throw otherProgram(taken.name, undefined);
}

const tablesOf = (migrations: readonly { script: string }[]): string[] =>
  migrations.flatMap(({ script }) => [...script.matchAll(/^CREATE TABLE "([^"]+)"/gm)].map(([, name = ""]) => name));

const otherProgram = (table: string, cause: unknown): AppError =>
  new AppError(
    "CONFLICT",
    `The database has a table \`${table}\` that is not Operate's: another program works in it. Set DATABASE_URL to a database of Operate's own. The database was not changed.`,
    { cause },
  );

/** Takes a database that is nobody's; returns whose it is then, for another start may be quicker. */
async function claim(client: pg.Client, { dataDir, id }: { dataDir: string; id: string }): Promise<Owner> {
  const before = databaseWasOurs(dataDir);
  writeId(dataDir, id); // first: a start that dies here finds its own id again
  await client.query(
    `insert into installation (singleton, id, host, "dataDir", "createdAt") values (true, $1, $2, $3, now())
     on conflict (singleton) do nothing`,
    [id, hostname(), dataDir],
  );
  const owner = await readOwner(client);
  if (!owner) throw new AppError("INTERNAL", "The database does not say whose it is.");
  if (owner.id !== id && !before) rmSync(fileOf(dataDir), { force: true });
  return owner;
}

function refusal(owner: Owner, given: string | null): AppError {
  const wrong = given ? `OPERATE_INSTALLATION_ID is \`${given}\`, which is not its id. ` : "";
  return new AppError(
    "CONFLICT",
    `The database belongs to another installation of Operate, ${owner.id}, first started on ${owner.host} with the data directory ${owner.dataDir}. ${wrong}Two installations on one database would act against each other. Set DATABASE_URL to a database of its own. To join that installation on purpose, as a further worker or because its data directory is lost, start once with OPERATE_INSTALLATION_ID=${owner.id}. The database was not changed.`,
  );
}

function givenId(text: string | undefined): string | null {
  if (!text) return null;
  const parsed = IdSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new AppError(
    "INVALID",
    "OPERATE_INSTALLATION_ID must have 8 to 64 lower-case letters, digits or hyphens: the id that the refused start named.",
  );
}

function readId(dataDir: string): string | null {
  const file = fileOf(dataDir);
  if (!existsSync(file)) return null;
  try {
    return FileSchema.parse(JSON.parse(readFileSync(file, "utf8"))).id;
  } catch (cause) {
    throw new AppError(
      "PRECONDITION",
      `${file} is damaged. Restore it from a backup, or delete it and start once with OPERATE_INSTALLATION_ID set to the id of the database.`,
      { cause },
    );
  }
}

function writeId(dataDir: string, id: string): void {
  const file = fileOf(dataDir);
  writeFileSync(`${file}.new`, `${JSON.stringify({ id })}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
