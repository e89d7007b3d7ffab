import { writeFileSync } from "node:fs";
import type { FullConfig, Reporter, Suite, TestError } from "@playwright/test/reporter";
import { NO_REASON, nearestOf, type Tally, type Timed } from "./tally.ts";

/** Writes a tally to the file named by OPERATE_TALLY. An error outside of any test counts as one failure. */
export default class TallyReporter implements Reporter {
  #suite: Suite | null = null;
  #errors = 0;

  onBegin(_config: FullConfig, suite: Suite): void {
    this.#suite = suite;
  }

  onError(_error: TestError): void {
    this.#errors++;
  }

  onEnd(): void {
    const tally: Tally = { passed: 0, failed: this.#errors, skipped: [], nearest: [] };
    const timed: Timed[] = [];
    for (const test of this.#suite?.allTests() ?? []) {
      const outcome = test.outcome();
      const name = test.titlePath().filter(Boolean).join(" > ");
      timed.push({ name, tookMs: test.results.at(-1)?.duration ?? 0, limitMs: test.timeout });
      if (outcome === "unexpected") tally.failed++;
      else if (outcome !== "skipped") tally.passed++;
      else {
        const reason = test.annotations.find(({ type }) => type === "skip" || type === "fixme")?.description;
        tally.skipped.push({ name, reason: reason ?? NO_REASON });
      }
    }
    tally.nearest = nearestOf(timed);
    const file = process.env.OPERATE_TALLY;
    if (file) writeFileSync(file, JSON.stringify(tally));
  }

  printsToStdio(): boolean {
    return false;
  }
}
