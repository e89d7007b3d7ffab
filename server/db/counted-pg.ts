import { PrismaPg } from "@prisma/adapter-pg";
import type { SqlQueryable } from "@prisma/driver-adapter-utils";
import { countQuery } from "../agent/kernel/span.ts";

/** Prisma's adapter for PostgreSQL, which tells the present span how many queries it made and how long they took. */
export class CountedPg extends PrismaPg {
  override async connect() {
    const adapter = counted(await super.connect());
    const begin = adapter.startTransaction.bind(adapter);
    adapter.startTransaction = async (isolation) => counted(await begin(isolation));
    return adapter;
  }
}

function counted<T extends SqlQueryable>(queryable: T): T {
  const read = queryable.queryRaw.bind(queryable);
  const write = queryable.executeRaw.bind(queryable);
  queryable.queryRaw = (query) => timed(() => read(query));
  queryable.executeRaw = (query) => timed(() => write(query));
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
