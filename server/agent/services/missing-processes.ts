import type { Runtime } from "../kernel/context.ts";
import type { WatchedProcess } from "../ports/process-watch.ts";

/** The database's absence is no answer at all, and the platform's has a sentence of its own. */
const WORDS: Partial<Record<WatchedProcess, (since: string) => string>> = {
  worker: (since) => `Nothing is deployed, checked or counted since ${since}: no worker answers`,
  collector: (since) => `Telemetry is not taken in since ${since}: the collector does not answer`,
};

/** A sentence for each process of Operate that is missing and without which figures or states stand still. */
export const missingSentences = ({ processes }: Pick<Runtime, "processes">): string[] =>
  (processes?.missing() ?? []).flatMap(({ name, since }) => WORDS[name]?.(since.toISOString()) ?? []);
