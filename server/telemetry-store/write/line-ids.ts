import type { Connection } from "../database.ts";

/** as `log_line_id_seq` counts */
const BLOCK = 10_000;

/** Numbers for lines, in blocks of the sequence: growing in each process, different in all of them. */
export function createLineIds() {
  let next = 0;
  let end = 0;
  return {
    async take(tx: Connection, count: number): Promise<Float64Array> {
      const ids = new Float64Array(count);
      let taken = 0;
      const takeUpTo = (last: number) => {
        for (; next < last && taken < count; taken++) ids[taken] = next++;
      };
      takeUpTo(end);
      if (taken === count) return ids;
      const { rows } = await tx.query<{ first: string }>(
        "select nextval('log_line_id_seq') as first from generate_series(1, $1)",
        [Math.ceil((count - taken) / BLOCK)],
      );
      for (const { first } of rows) {
        next = Number(first);
        end = next + BLOCK;
        takeUpTo(end);
      }
      return ids;
    },
  };
}
