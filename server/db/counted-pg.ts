import { PrismaPg } from "@prisma/adapter-pg";
import type { SqlQueryable } from "@prisma/driver-adapter-utils";
import { countQuery } from "../agent/telemetry/span.ts";
import { inTurn } from "./query-turns.ts";

/**
 * Prisma's adapter for PostgreSQL, which tells the present span how many queries it made and how long they took. Outside
 * transactions an actor's queries take turns.
 */
export class CountedPg extends PrismaPg {
  override async connect() {
    const adapter = counted(await super.connect(), (query) => inTurn(query));
    const begin = adapter.startTransaction.bind(adapter);
    adapter.startTransaction = async (isolation) => counted(await begin(isolation), (query) => query());
    return adapter;
  }
}

type Wait = <T>(query: () => Promise<T>) => Promise<T>;

function counted<T extends SqlQueryable>(queryable: T, wait: Wait): T {
  const read = queryable.queryRaw.bind(queryable);
  const write = queryable.executeRaw.bind(queryable);
  queryable.queryRaw = (query) => timed(() => wait(() => read(query)));
  queryable.executeRaw = (query) => timed(() => wait(() => write(query)));
  return queryable;
}

async function timed<T>(query: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  try {
    return await query();
  } finally {
    countQuery(performance.now() - startedMs);
  }
}
