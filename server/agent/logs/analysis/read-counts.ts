import type { LogFilter, LogSource } from "../../ports/log-source.ts";
import type { Answer } from "../../ports/source.ts";
import { isCounted } from "../counted.ts";
import type { Rows } from "./counted-window.ts";
import type { Frame } from "./frame.ts";
import type { Samples } from "./pattern-views.ts";
import { readRollups } from "./read-rollups.ts";
import { type Listening, streamLines } from "./stream-lines.ts";
import { readSteps, type Steps } from "./traced-steps.ts";

/** What was read of a window and the one before. */
export interface Reading {
  rows: Rows;
  /** lines of each pattern, by id; null: not read yet */
  samples: Map<string, Samples> | null;
  /** of traces; null: not known */
  steps: Steps | null;
  answers: [Answer<unknown>, ...Answer<unknown>[]];
  /** what is not known, and why */
  notes: string[];
}

/** From what the source has counted where that can tell, else from lines. */
export async function readCounts(
  source: LogSource,
  filter: LogFilter,
  frame: Frame,
  listening: Listening,
): Promise<Reading> {
  const count = source.patternCounts;
  if (count === null || !isCounted(filter)) return streamLines(source, filter, frame, listening);
  const [counted, traced] = await Promise.all([
    readRollups(count, filter, frame, listening.signal),
    readSteps(source, filter, frame, listening.signal),
  ]);
  const [steps, notes] = "note" in traced ? [null, [traced.note]] : [traced, []];
  return { ...counted, samples: null, steps, notes };
}
