import type { Tx } from "../kernel/context.ts";
import { type Changed, performWrite, prepareWrite, type Write, type WriteContext } from "../kernel/perform.ts";
import { authorize } from "../kernel/permissions.ts";

/** How one kind of action is asked for. `P` is what is checked and ready to be written down, `T` the record. */
interface ActionRequest<P, T> {
  dryRun: boolean;
  /** Checks everything and makes the plan; writes nothing. It may ask the outside, so no transaction is open. */
  prepare: () => Promise<P>;
  /** Writes the record, in one transaction with its audit entry. */
  insert: (tx: Tx, prepared: P) => Promise<Changed<T>>;
  /** Starts the durable run, after the commit. */
  start: (record: T) => Promise<void>;
}

/**
 * What every action begins with: it is authorised, then prepared; a dry run ends there, without a record (null). Else
 * the record is written and audited, and the durable run starts. A refusal is on record, that of a dry run is not.
 * @throws FORBIDDEN without the permission of the write, and whatever `prepare`, `insert` and `start` throw.
 */
export async function requestAction<P, T>(
  ctx: WriteContext,
  write: Write,
  { dryRun, prepare, insert, start }: ActionRequest<P, T>,
): Promise<{ prepared: P; record: T | null }> {
  if (dryRun) {
    authorize(ctx, ctx.permission);
    return { prepared: await prepare(), record: null };
  }
  const prepared = await prepareWrite(ctx, write, prepare);
  const record = await performWrite(ctx, write, (tx) => insert(tx, prepared));
  await start(record);
  return { prepared, record };
}
