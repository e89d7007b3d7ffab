import { existsSync } from "node:fs";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Test files that take long, and about how many seconds beside others: begun last, they would keep everybody waiting. */
const SECONDS: Readonly<Record<string, number>> = {
  "server/durable/takeover.test.ts": 190,
  "server/durable/strategies.test.ts": 170,
  "server/start/hung-processes.test.ts": 165,
  "server/limits/storm.test.ts": 130,
  "server/integrations/local/instance/one-process.test.ts": 110,
  "server/limits/front-gate.test.ts": 65,
  "server/telemetry-store/read/rates.test.ts": 60,
  "server/auth/sign-in.test.ts": 55,
  "server/start/operate.test.ts": 50,
  "server/collector/hostile.test.ts": 35,
  "server/durable/faults.test.ts": 35,
  "server/agent/deploy/watch/watch.test.ts": 35,
  "server/integrations/local/state/full-disk.test.ts": 35,
  "server/start/kill-subsets.test.ts": 30,
  "server/routers/rights.test.ts": 30,
  "mcp/journey.test.ts": 25,
  "server/start/canaries.test.ts": 25,
  "server/integrations/local/daemon.test.ts": 30,
  "server/durable/postgres-restart.test.ts": 25,
  "server/collector/forward.test.ts": 25,
  "server/collector/durability.test.ts": 20,
  "server/durable/lease.test.ts": 20,
  "server/collector/local-logs.test.ts": 20,
  "server/collector/collector.test.ts": 20,
  "server/agent/health/check/scheduler.test.ts": 20,
  "examples/prometheus/tickets.test.ts": 20,
  "server/integrations/local/measured.test.ts": 20,
  "server/integrations/local/failures.test.ts": 20,
  "server/integrations/local/instance/instance.test.ts": 20,
  "server/agent/deploy/run/any-step.test.ts": 75,
  "server/agent/deploy/run/random.test.ts": 30,
  "server/agent/deploy/run/crash.test.ts": 30,
};
/** The test files in the order of how long they take, the longest first; of the others, as vitest has it. */
export class TestOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const named = Object.keys(SECONDS);
    const gone = named.filter((path) => !existsSync(path));
    if (gone.length > 0) throw new Error(`server/testing/test-order.ts names ${gone.join(", ")}: not there any more`);
    const secondsOf = ({ moduleId }: TestSpecification): number =>
      SECONDS[named.find((path) => moduleId.endsWith(`/${path}`)) ?? ""] ?? 0;
    return (await super.sort(files)).toSorted((a, b) => secondsOf(b) - secondsOf(a));
  }
}
