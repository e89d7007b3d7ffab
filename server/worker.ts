import { jobsOfCapabilities } from "./agent/jobs.ts";
import { openWorker } from "./container/worker.ts";
import { untilDatabaseAnswers } from "./db/patience.ts";
import { startLiveRetention } from "./live/feed.ts";
import { runProcess } from "./run-process.ts";

/** The worker process: durable workflows, and the jobs of capabilities (`agent/<capability>/jobs.ts`). */

// running workflows stay pending; the next worker goes on with them at once
await runProcess({
  name: "worker",
  giveUpMs: 3_000,
  stop: "together",
  open: async ({ log, onWaiting }) => {
    const parts = openWorker(log);
    await untilDatabaseAnswers(parts.runtime.databaseUrl, { onWaiting });
    const { runtime, id, prober, launchDurable } = parts;
    const report = (message: string, err: unknown) => log.warn({ err }, message);
    const jobs = [
      { name: "durable workflows", start: launchDurable },
      ...jobsOfCapabilities({ runtime, workerId: id, prober, report }),
      { name: "live retention", start: () => startLiveRetention(runtime, log) },
    ];
    return { jobs, close: () => runtime.close() };
  },
});
