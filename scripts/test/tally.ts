/** What a stage of `npm test` found. */
export interface Tally {
  passed: number;
  failed: number;
  /** every skipped test with its reason */
  skipped: { name: string; reason: string }[];
}

export const NO_REASON = "no reason given";

export const sum = (tallies: readonly Tally[]): Tally => ({
  passed: tallies.reduce((total, tally) => total + tally.passed, 0),
  failed: tallies.reduce((total, tally) => total + tally.failed, 0),
  skipped: tallies.flatMap((tally) => tally.skipped),
});

/** `12 passed, 1 failed`, and `, 2 skipped` when there are any. */
export const countLine = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`;

/**
 * The tally of a test runner: what its reporter wrote, or null, and its exit code. A runner that crashed, ran nothing
 * or ended badly with every test green has failed once.
 */
export function judgeRunner(reported: Tally | null, exitCode: number): { tally: Tally; remark: string | null } {
  if (!reported) return { tally: { passed: 0, failed: 1, skipped: [] }, remark: "it ended without a report" };
  if (reported.passed + reported.failed === 0) return { tally: { ...reported, failed: 1 }, remark: "no test ran" };
  if (exitCode !== 0 && reported.failed === 0)
    return { tally: { ...reported, failed: 1 }, remark: `every test passed, but it ended with exit code ${exitCode}` };
  return { tally: reported, remark: null };
}
