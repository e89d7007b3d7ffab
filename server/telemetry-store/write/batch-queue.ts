import { Slots } from "../../agent/kernel/slots.ts";

interface Waiting<P> {
  piece: P;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Writes what many callers bring; each promise resolves after the commit of its own piece. */
export interface BatchQueue<P> {
  add(piece: P): Promise<void>;
}

/**
 * While a transaction is on its way, what comes is gathered for the next one: few large transactions under load, no
 * delay without.
 *
 * @param lanes transactions under way at most
 * @param maxRecords of one transaction; a piece that is larger goes alone
 */
export function createBatchQueue<P extends { readonly size: number }>(
  write: (pieces: readonly P[]) => Promise<void>,
  { lanes, maxRecords }: { lanes: number; maxRecords: number },
): BatchQueue<P> {
  const waiting: Waiting<P>[] = [];
  const slots = new Slots(lanes);

  const takeBatch = (): Waiting<P>[] => {
    let records = waiting[0]?.piece.size ?? 0;
    let count = 1;
    for (; count < waiting.length; count++) {
      records += waiting[count]?.piece.size ?? 0;
      if (records > maxRecords) break;
    }
    return waiting.splice(0, count);
  };
  const run = async () => {
    while (waiting.length > 0) {
      const batch = takeBatch();
      try {
        await write(batch.map(({ piece }) => piece));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  };
  return {
    add: (piece) =>
      new Promise((resolve, reject) => {
        waiting.push({ piece, resolve, reject });
        void slots.withSlot(run, () => undefined); // a lane under way takes it along
      }),
  };
}
