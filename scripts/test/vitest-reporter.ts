import { writeFileSync } from "node:fs";
import type { Reporter, SerializedError, TestModule } from "vitest/node";
import { NO_REASON, type Tally } from "./tally.ts";

/** Writes a tally to the file named by OPERATE_TALLY. A file that could not be collected counts as one failure. */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const tally: Tally = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      let failedTests = 0;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") tally.passed++;
        else if (result.state === "skipped")
          tally.skipped.push({
            name: `${module.relativeModuleId} > ${test.fullName}`,
            reason: result.note ?? NO_REASON,
          });
        else failedTests++;
      }
      tally.failed += failedTests || (module.ok() ? 0 : 1);
    }
    const file = process.env.OPERATE_TALLY;
    if (file) writeFileSync(file, JSON.stringify(tally));
  }
}
