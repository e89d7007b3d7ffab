import { writeFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import type { FullConfig, Reporter, Suite, TestError } from "@playwright/test/reporter";
import { type Failure, NO_REASON, NOTHING, nearestOf, type Tally, type Timed } from "./tally.ts";

/** Writes a tally to the file named by OPERATE_TALLY. An error outside of any test counts as one failure. */
export default class TallyReporter implements Reporter {
  #suite: Suite | null = null;
  readonly #failures: Failure[] = [];

  onBegin(_config: FullConfig, suite: Suite): void {
    this.#suite = suite;
  }

  onError(error: TestError): void {
    this.#failures.push({ name: "outside of any test", why: messages([error]) });
  }

  onEnd(): void {
    const skipped: Tally["skipped"] = [];
    const failures = [...this.#failures];
    const timed: Timed[] = [];
    let passed = 0;
    for (const test of this.#suite?.allTests() ?? []) {
      const outcome = test.outcome();
      const name = test.titlePath().filter(Boolean).join(" > ");
      timed.push({ name, tookMs: test.results.at(-1)?.duration ?? 0, limitMs: test.timeout });
      if (outcome === "unexpected") failures.push({ name, why: messages(test.results.at(-1)?.errors) });
      else if (outcome !== "skipped") passed++;
      else {
        const reason = test.annotations.find(({ type }) => type === "skip" || type === "fixme")?.description;
        skipped.push({ name, reason: reason ?? NO_REASON });
      }
    }
    const tally: Tally = {
      ...NOTHING,
      passed,
      failed: failures.length,
      skipped,
      failures,
      nearest: nearestOf(timed),
    };
    const file = process.env.OPERATE_TALLY;
    if (file) writeFileSync(file, JSON.stringify(tally));
  }

  printsToStdio(): boolean {
    return false;
  }
}

const messages = (errors: readonly TestError[] | undefined): string =>
  (errors ?? []).map(({ message, value }) => stripVTControlCharacters(message ?? value ?? "")).join("\n") ||
  "no message";
