import { basename } from "node:path";
import type { FullConfig, Reporter, Suite, TestError } from "@playwright/test/reporter";
import { type Failure, messagesOf, NO_REASON, type Tally, type Timed, writeTally } from "./tally.ts";

/** Writes a tally to the file named by OPERATE_TALLY. An error outside of any test counts as one failure. */
export default class TallyReporter implements Reporter {
  #suite: Suite | null = null;
  readonly #failures: Failure[] = [];

  onBegin(_config: FullConfig, suite: Suite): void {
    this.#suite = suite;
  }

  onError(error: TestError): void {
    this.#failures.push({ name: "outside of any test", why: messagesOf([error]) });
  }

  onEnd(): void {
    const skipped: Tally["skipped"] = [];
    const failures = [...this.#failures];
    const timed: Timed[] = [];
    const files = new Map<string, number>();
    let passed = 0;
    for (const test of this.#suite?.allTests() ?? []) {
      const outcome = test.outcome();
      const name = test.titlePath().filter(Boolean).join(" > ");
      timed.push({ name, tookMs: test.results.at(-1)?.duration ?? 0, limitMs: test.timeout });
      const file = `e2e/specs/${basename(test.location.file)}`;
      files.set(file, (files.get(file) ?? 0) + (test.results.at(-1)?.duration ?? 0));
      if (outcome === "unexpected") failures.push({ name, why: messagesOf(test.results.at(-1)?.errors) });
      else if (outcome !== "skipped") passed++;
      else {
        const reason = test.annotations.find(({ type }) => type === "skip" || type === "fixme")?.description;
        skipped.push({ name, reason: reason ?? NO_REASON });
      }
    }
    const took = [...files].map(([name, tookMs]) => ({ name, tookMs }));
    writeTally({ passed, skipped, failures, timed, files: took });
  }

  printsToStdio(): boolean {
    return false;
  }
}
