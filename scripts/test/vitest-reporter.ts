import { writeFileSync } from "node:fs";
import type { Reporter, SerializedError, TestModule } from "vitest/node";
import { NO_REASON, nearestOf, type Tally, type Timed } from "./tally.ts";

/** Writes a tally to the file named by OPERATE_TALLY. A file that could not be collected counts as one failure. */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const tally: Tally = { passed: 0, failed: unhandledErrors.length, skipped: [], nearest: [] };
    const timed: Timed[] = [];
    for (const module of modules) {
      let failedTests = 0;
      for (const test of module.children.allTests()) {
        const result = test.result();
        const limitMs = test.options.timeout ?? module.project.config.testTimeout;
        const name = `${module.relativeModuleId} > ${test.fullName}`;
        timed.push({ name, tookMs: test.diagnostic()?.duration ?? 0, limitMs });
        if (result.state === "passed") tally.passed++;
        else if (result.state === "skipped") tally.skipped.push({ name, reason: result.note ?? NO_REASON });
        else failedTests++;
      }
      tally.failed += failedTests || (module.ok() ? 0 : 1);
    }
    tally.nearest = nearestOf(timed);
    const file = process.env.OPERATE_TALLY;
    if (file) writeFileSync(file, JSON.stringify(tally));
  }
}
