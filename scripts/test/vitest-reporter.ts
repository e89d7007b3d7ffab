import type { Reporter, SerializedError, TestModule } from "vitest/node";
import { type Failure, messagesOf, NO_REASON, type Tally, type Timed, writeTally } from "./tally.ts";

/** Writes a tally to the file named by OPERATE_TALLY. A file that could not be collected counts as one failure. */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const skipped: Tally["skipped"] = [];
    const failures: Failure[] = unhandledErrors.map(({ message }) => ({ name: "outside of any test", why: message }));
    const timed: Timed[] = [];
    let passed = 0;
    for (const module of modules) {
      const before = failures.length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        const limitMs = test.options.timeout ?? module.project.config.testTimeout;
        const name = `${module.relativeModuleId} > ${test.fullName}`;
        timed.push({ name, tookMs: test.diagnostic()?.duration ?? 0, limitMs });
        if (result.state === "passed") passed++;
        else if (result.state === "skipped") skipped.push({ name, reason: result.note ?? NO_REASON });
        else failures.push({ name, why: messagesOf(result.errors) });
      }
      if (failures.length === before && !module.ok())
        failures.push({ name: module.relativeModuleId, why: messagesOf(module.errors()) });
    }
    const files = modules.map((module) => ({ name: module.relativeModuleId, tookMs: module.diagnostic().duration }));
    writeTally({ passed, skipped, failures, timed, files });
  }
}
