import { randomUUID } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import type pg from "pg";
import { z } from "zod";
import { AppError } from "../agent/kernel/errors.ts";
import { connectTo } from "./connect.ts";
import {
  fileOf,
  IdSchema,
  type InstallationFile,
  readInstallationFile,
  writeInstallationFile,
} from "./installation-file.ts";
import { listMigrations } from "./migrate.ts";

/** Which installation a data directory and a database belong to, so that two never share one database by accident. */

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
 * OPERATE_INSTALLATION_ID, set to the database's id, joins or takes over an existing one on purpose. A
 * copy of a data directory is another installation until it does so; one with an embedded database has its own copy.
 * @throws CONFLICT when the database belongs to another installation or program, or holds one in another schema, PRECONDITION for a damaged file, INVALID for an
 * id that is none. Nothing is changed then.
 */
export async function assertOwnDatabase({ url, dataDir, embedded, env }: Options): Promise<void> {
  const found = readInstallationFile(dataDir);
  const given = givenId(env.OPERATE_INSTALLATION_ID);
  const client = await connectTo(url, CONNECT_MS);
  try {
    await refuseOtherSchemas(client);
    const before = found?.copiedFrom && !embedded ? null : found?.id; // a copy with a fresh database is a new one
    const owner = (await readOwner(client)) ?? (await claim(client, { dataDir, id: given ?? before ?? randomUUID() }));
    const now = readInstallationFile(dataDir);
    const known: Known = { file: now, given, embedded };
    if (!isOurs(owner, known)) throw refusal(owner, known);
    // the copy of an embedded database stays known as one: it must not be taken for the original elsewhere
    const isKnown = owner.id === now?.id && (owner.id !== given || !now.copiedFrom);
    if (!isKnown || (now.outdated && !now.copiedFrom)) writeInstallationFile(dataDir, owner.id);
  } finally {
    await client.end();
  }
}

/**
 * Refuses as `assertOwnDatabase` does, and changes nothing: neither an unmigrated database nor one that is nobody's
 * is taken. For what looks before it acts, and for what acts on a database beside a start.
 */
export async function refuseForeignDatabase({ url, dataDir, embedded, env, connectMs }: Looking): Promise<void> {
  const known: Known = { file: readInstallationFile(dataDir), given: givenId(env.OPERATE_INSTALLATION_ID), embedded };
  const client = await connectTo(url, connectMs ?? CONNECT_MS);
  try {
    await refuseOtherTables(client);
    await refuseOtherSchemas(client);
    const { rows } = await client.query("select to_regclass('installation') as name");
    const owner = rows[0]?.name ? await readOwner(client) : null;
    if (owner !== null && !isOurs(owner, known)) throw refusal(owner, known);
  } finally {
    await client.end();
  }
}

/** The same for a tool beside Operate: a data directory that never had a database says nothing about one. */
export async function refuseForeignForTool(url: string, dataDir: string, env: NodeJS.ProcessEnv): Promise<void> {
  if (databaseWasOurs(dataDir)) await refuseForeignDatabase({ url, dataDir, embedded: false, env });
}

interface Known {
  file: InstallationFile | null;
  given: string | null;
  embedded: boolean;
}

const isOurs = (owner: Owner, { file, given, embedded }: Known): boolean =>
  owner.id === given || (file === null ? embedded : owner.id === file.id && (embedded || file.copiedFrom === null));

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

/** the columns that Operate's own `installation` has in every release */
const OWN_COLUMNS = ["singleton", "id", "host", "dataDir"];

/**
 * Workflows and locks are one per database, so another schema is no place for a second installation.
 * @throws CONFLICT when one stands in a schema other than the one this connection uses
 */
async function refuseOtherSchemas(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ schema: string; own: string | null }>(
    `select n.nspname as schema, current_schema() as own from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relname = 'installation' and c.relkind in ('r', 'p') and n.nspname is distinct from coalesce(
       (select o.nspname from pg_class t join pg_namespace o on o.oid = t.relnamespace
        where t.oid = to_regclass('installation')), current_schema())
       and (select count(*) from pg_attribute a
         where a.attrelid = c.oid and not a.attisdropped and a.attname = any($1::text[])) = cardinality($1::text[])
     order by 1 limit 1`,
    [OWN_COLUMNS],
  );
  const [other] = rows;
  if (other === undefined) return;
  throw new AppError(
    "CONFLICT",
    `The database holds another installation of Operate in its schema \`${other.schema}\`; this start would work in \`${other.own ?? "none"}\`. Two installations on one database would act against each other, whatever their schemas. Set DATABASE_URL to a database of its own, or to that schema (search_path) if it is yours. The database was not changed.`,
  );
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
  writeInstallationFile(dataDir, id); // first: a start that dies here finds its own id again
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

function refusal(owner: Owner, { file, given }: Known): AppError {
  const join = `start once with OPERATE_INSTALLATION_ID=${owner.id}. The database was not changed.`;
  if (file?.copiedFrom && file.id === owner.id)
    return new AppError(
      "CONFLICT",
      `This data directory is a copy of ${file.copiedFrom}, and the database is the original's. Both on one database would act against each other. Set DATABASE_URL to a database of its own. If the original is gone, or this one shall be a further worker of it, ${join}`,
    );
  const wrong = given ? `OPERATE_INSTALLATION_ID is \`${given}\`, which is not its id. ` : "";
  return new AppError(
    "CONFLICT",
    `The database belongs to another installation of Operate, ${owner.id}, first started on ${owner.host} with the data directory ${owner.dataDir}. ${wrong}Two installations on one database would act against each other. Set DATABASE_URL to a database of its own. To join that installation on purpose, as a further worker or because its data directory is lost, ${join}`,
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
