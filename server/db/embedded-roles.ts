import pg from "pg";

/**
 * Who is who in the embedded PostgreSQL. Operate works as `operate`, which owns its databases and may neither run
 * programs nor read files of the machine. The superuser only prepares that; its password stays in the data directory.
 */

export const ROLE = "operate";
const SUPERUSER = "postgres";
/** stands in for the superuser while that is renamed: nobody can rename the role they are signed in as */
const RENAMER = "operate_renamer";

interface Access {
  port: number;
  password: string;
  superPassword: string;
}

export const BOOTSTRAP_ROLE = SUPERUSER;

export const urlAs = (role: string, password: string, port: number, database: string): string =>
  `postgresql://${role}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`;

/** Whether a server that answered refused the role or the password, SQLSTATE class 28. */
export const isRefusedSignIn = (error: unknown): boolean =>
  error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("28");

/**
 * Makes the role and the database of Operate, and makes the role their owner. In a data directory of an earlier
 * release `operate` is the superuser: that one is renamed first. Each step may be repeated after a crash.
 */
export async function prepareRoles(access: Access, database: string): Promise<void> {
  const asSuperuser = (name: string) => urlAs(SUPERUSER, access.superPassword, access.port, name);
  try {
    await connected(asSuperuser("postgres"), async () => {});
  } catch (error) {
    if (!isRefusedSignIn(error)) throw error;
    await renameSuperuser(access);
  }
  const foreign = await connected(asSuperuser("postgres"), async (client) => {
    await client.query(`drop role if exists ${RENAMER}`);
    await createRole(client, access.password);
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [database]);
    if (!rowCount) await client.query(`create database ${client.escapeIdentifier(database)} owner ${ROLE}`);
    const { rows } = await client.query<{ name: string }>(
      `select datname as name from pg_database join pg_roles on pg_roles.oid = datdba
       where not datistemplate and datallowconn and datname <> 'postgres' and rolname <> $1`,
      [ROLE],
    );
    return rows.map(({ name }) => name);
  });
  for (const name of foreign) await connected(asSuperuser(name), (client) => handOver(client, name));
}

async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {}); // the query that is under way tells
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** The role as it must be, whatever it was made as before; the password is the one that the data directory keeps. */
async function createRole(client: pg.Client, password: string): Promise<void> {
  const { rowCount } = await client.query("select 1 from pg_roles where rolname = $1", [ROLE]);
  await client.query(
    `${rowCount ? "alter" : "create"} role ${ROLE} login nosuperuser nocreaterole createdb noreplication nobypassrls
     password ${client.escapeLiteral(password)}`,
  );
}

/** The first superuser of a cluster can be renamed, but cannot become an ordinary role. */
async function renameSuperuser({ port, password, superPassword }: Access): Promise<void> {
  await connected(urlAs(ROLE, password, port, "postgres"), async (client) => {
    await client.query(`drop role if exists ${RENAMER}`);
    await client.query(`create role ${RENAMER} superuser login password ${client.escapeLiteral(superPassword)}`);
  });
  await connected(urlAs(RENAMER, superPassword, port, "postgres"), async (client) => {
    await client.query("begin");
    await client.query(`alter role ${ROLE} rename to ${SUPERUSER}`);
    await client.query(`alter role ${SUPERUSER} password ${client.escapeLiteral(superPassword)}`);
    await createRole(client, password);
    await client.query("commit");
  });
}

/** Everything in the schemas of a database that is not PostgreSQL's own goes to the role, the database itself last. */
async function handOver(client: pg.Client, database: string): Promise<void> {
  const { rows } = await client.query<{ statement: string }>(
    `with own as (select oid, nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')
     select format('alter schema %I owner to ${ROLE}', nspname) as statement, 0 as rank from own where nspname <> 'public'
     union all
     select format('alter %s %I.%I owner to ${ROLE}',
       case relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view'
         when 'f' then 'foreign table' else 'table' end, nspname, relname), 1
     from pg_class join own on own.oid = relnamespace
     where relkind in ('r', 'p', 'v', 'm', 'f')
       or (relkind = 'S' and not exists (select 1 from pg_depend
             where classid = 'pg_class'::regclass and objid = pg_class.oid and deptype in ('a', 'i')))
     union all
     select format('alter routine %s owner to ${ROLE}', pg_proc.oid::regprocedure), 2
     from pg_proc join own on own.oid = pronamespace
     where not exists (select 1 from pg_depend where classid = 'pg_proc'::regclass and objid = pg_proc.oid and deptype = 'e')
     union all
     select format('alter type %I.%I owner to ${ROLE}', nspname, typname), 3
     from pg_type join own on own.oid = typnamespace where typtype in ('e', 'd')
     order by rank`,
  );
  await client.query("begin");
  for (const { statement } of rows) await client.query(statement);
  await client.query(`alter database ${client.escapeIdentifier(database)} owner to ${ROLE}`);
  await client.query("commit");
}
