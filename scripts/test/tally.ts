/** What a stage of `npm test` found. */
export interface Tally {
  passed: number;
  failed: number;
  /** every skipped test with its reason */
  skipped: { name: string; reason: string }[];
  /** the tests that used most of their time limit, at most NEAREST, nearest first */
  nearest: Timed[];
}

/** How long a test took and how long it may take, in milliseconds. */
export interface Timed {
  name: string;
  tookMs: number;
  limitMs: number;
}

const NEAREST = 5;
/** The house wants a limit of at least four times what a test needs alone. */
const USED_AT_MOST = 0.25;

const used = ({ tookMs, limitMs }: Timed): number => tookMs / limitMs;

export const nearestOf = (tests: readonly Timed[]): Timed[] =>
  tests
    .filter(({ limitMs }) => limitMs > 0 && Number.isFinite(limitMs))
    .toSorted((a, b) => used(b) - used(a))
    .slice(0, NEAREST);

/** `nearest to its limit: 31 % of 60 s, a > b`, with a remark when it is more than a quarter. */
export const nearestLine = (test: Timed): string =>
  `nearest to its limit: ${Math.round(100 * used(test))} % of ${Math.round(test.limitMs / 1000)} s, ${test.name}${
    used(test) > USED_AT_MOST ? " (more than a quarter: split it, or give it more time)" : ""
  }`;

export const NO_REASON = "no reason given";

export const NOTHING: Tally = { passed: 0, failed: 0, skipped: [], nearest: [] };

export const sum = (tallies: readonly Tally[]): Tally => ({
  passed: tallies.reduce((total, tally) => total + tally.passed, 0),
  failed: tallies.reduce((total, tally) => total + tally.failed, 0),
  skipped: tallies.flatMap((tally) => tally.skipped),
  nearest: nearestOf(tallies.flatMap((tally) => tally.nearest)),
});

/** `12 passed, 1 failed`, and `, 2 skipped` when there are any. */
export const countLine = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`;

/**
 * The tally of a test runner: what its reporter wrote, or null, and its exit code. A runner that crashed, ran nothing
 * or ended badly with every test green has failed once.
 */
export function judgeRunner(reported: Tally | null, exitCode: number): { tally: Tally; remark: string | null } {
  if (!reported) return { tally: { ...NOTHING, failed: 1 }, remark: "it ended without a report" };
  if (reported.passed + reported.failed === 0) return { tally: { ...reported, failed: 1 }, remark: "no test ran" };
  if (exitCode !== 0 && reported.failed === 0)
    return { tally: { ...reported, failed: 1 }, remark: `every test passed, but it ended with exit code ${exitCode}` };
  return { tally: reported, remark: null };
}
