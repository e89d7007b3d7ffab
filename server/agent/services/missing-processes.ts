import type { Runtime } from "../kernel/context.ts";
import type { WatchedProcess } from "../ports/process-watch.ts";

/** The database's absence is no answer at all, and the platform's has a sentence of its own. */
const WORDS: Partial<Record<WatchedProcess, (since: string) => string>> = {
  worker: (since) => `Nothing is deployed, checked or counted since ${since}: no worker answers`,
  collector: (since) => `Telemetry is not taken in since ${since}: the collector does not answer`,
};

/** Each process of Operate that is missing and without which figures or states stand still, with a sentence of it. */
export const missingProcesses = ({
  processes,
}: Pick<Runtime, "processes">): { name: WatchedProcess; sentence: string }[] =>
  (processes?.missing() ?? []).flatMap(({ name, since }) => {
    const sentence = WORDS[name]?.(since.toISOString());
    return sentence === undefined ? [] : [{ name, sentence }];
  });
