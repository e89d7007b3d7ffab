import { existsSync } from "node:fs";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Test files that wait the longest, the longest first: begun last, one alone would keep everybody waiting at the end. */
const LONGEST = [
  "server/durable/takeover.test.ts",
  "server/agent/deploy/run/crash.test.ts",
  "server/durable/strategies.test.ts",
  "server/start/hung-processes.test.ts",
  "server/integrations/local/one-process.test.ts",
  "server/limits/front-gate.test.ts",
  "server/start/kill-subsets.test.ts",
  // after those that need the processor, too: it compares times
  "server/limits/storm.test.ts",
  "server/agent/deploy/run/any-step.test.ts",
  "server/agent/deploy/run/random.test.ts",
  "server/start/operate.test.ts",
  "server/routers/rights.test.ts",
  "server/auth/sign-in.test.ts",
  "server/integrations/local/full-disk.test.ts",
  "server/integrations/local/daemon.test.ts",
  "server/collector/hostile.test.ts",
  "server/integrations/builtin/rates.test.ts",
  "server/durable/faults.test.ts",
  "server/agent/deploy/watch/watch.test.ts",
  "server/durable/postgres-restart.test.ts",
];

/** The order of the test files: those that wait the longest first, then as Vitest orders them. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const gone = LONGEST.filter((path) => !existsSync(path));
    if (gone.length > 0)
      throw new Error(`server/testing/longest-first.ts names ${gone.join(", ")}: not there any more`);
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONGEST.findIndex((path) => moduleId.endsWith(`/${path}`));
      return place === -1 ? LONGEST.length : place;
    };
    const ordered = await super.sort(files);
    return ordered.sort((a, b) => rank(a) - rank(b));
  }
}
