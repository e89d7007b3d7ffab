import type { Connection } from "./database.ts";

/** as `log_line_id_seq` counts */
const BLOCK = 10_000;

/** Numbers for lines, in blocks of the sequence: growing in each process, different in all of them. */
export function createLineIds() {
  let next = 0;
  let end = 0;
  return {
    /** @returns a function that gives `count` numbers, one a call */
    async take(tx: Connection, count: number): Promise<() => number> {
      const spans: [from: number, to: number][] = [];
      const left = Math.min(count, end - next);
      if (left > 0) spans.push([next, next + left]);
      next += left;
      const missing = count - left;
      if (missing > 0) {
        const { rows } = await tx.query<{ first: string }>(
          "select nextval('log_line_id_seq') as first from generate_series(1, $1)",
          [Math.ceil(missing / BLOCK)],
        );
        const blocks = rows.map((row): [number, number] => [Number(row.first), Number(row.first) + BLOCK]);
        spans.push(...blocks);
        // what is left of the last block is for the next caller
        const last = blocks.at(-1);
        if (last) {
          end = last[1];
          next = last[0] + (missing - (blocks.length - 1) * BLOCK);
        }
      }
      return () => {
        const span = spans[0];
        if (!span) throw new Error("more lines than numbers were asked for");
        const id = span[0]++;
        if (span[0] >= span[1]) spans.shift();
        return id;
      };
    },
  };
}
