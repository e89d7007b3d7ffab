import { writeFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

/** What a stage of `npm test` found. */
export interface Tally {
  passed: number;
  failed: number;
  /** every skipped test with its reason */
  skipped: { name: string; reason: string }[];
  /** what failed, with the first lines of its message; one for each of `failed` that has a name */
  failures: Failure[];
  /** the tests that used most of their time limit, at most NEAREST, nearest first */
  nearest: Timed[];
  /** how long each stage took; some run beside each other */
  stages: Took[];
  /** the test files that took longest, at most SLOWEST, longest first */
  slowest: Took[];
}

/** How long something took, in milliseconds. */
export interface Took {
  name: string;
  tookMs: number;
}

export interface Failure {
  name: string;
  why: string;
}

/** How long a test took and how long it may take, in milliseconds. */
export interface Timed extends Took {
  limitMs: number;
}

const NEAREST = 5;
const SLOWEST = 10;
const FAILURES_SHOWN = 20;
const LINES_SHOWN = 12;
/** The house wants a limit of at least four times what a test needs alone. */
const USED_AT_MOST = 0.25;

const used = ({ tookMs, limitMs }: Timed): number => tookMs / limitMs;

export const nearestOf = (tests: readonly Timed[]): Timed[] =>
  tests
    .filter(({ limitMs }) => limitMs > 0 && Number.isFinite(limitMs))
    .toSorted((a, b) => used(b) - used(a))
    .slice(0, NEAREST);

const slowestOf = (files: readonly Took[]): Took[] => files.toSorted((a, b) => b.tookMs - a.tookMs).slice(0, SLOWEST);

const seconds = ({ name, tookMs }: Took): string => `${name} ${(tookMs / 1000).toFixed(1)} s`;

/** What each stage took, and the files that took longest: two lines, or fewer where nothing ran. */
export const timeLines = ({ stages, slowest }: Pick<Tally, "stages" | "slowest">): string[] => [
  ...(stages.length > 1 ? [`stages: ${stages.map(seconds).join(", ")}`] : []),
  ...(slowest.length > 0 ? [`slowest files: ${slowest.map(seconds).join(", ")}`] : []),
];

/** `nearest to its limit: 31 % of 60 s, a > b`, with a remark when it is more than a quarter. */
export const nearestLine = (test: Timed): string =>
  `nearest to its limit: ${Math.round(100 * used(test))} % of ${Math.round(test.limitMs / 1000)} s, ${test.name}${
    used(test) > USED_AT_MOST ? " (more than a quarter: split it, or give it more time)" : ""
  }`;

/**
 * What failed, once more for the end of the output: who reads a long log from its end, or is given only that, needs
 * the name and the message there.
 */
export function failureLines(failures: readonly Failure[]): string[] {
  const lines = failures.slice(0, FAILURES_SHOWN).flatMap(({ name, why }) => {
    const said = why.trim().split("\n");
    const cut = said.length > LINES_SHOWN ? [`(${said.length - LINES_SHOWN} more lines above)`] : [];
    return [`failed: ${name}`, ...[...said.slice(0, LINES_SHOWN), ...cut].map((line) => `    ${line}`)];
  });
  const left = failures.length - FAILURES_SHOWN;
  return left > 0 ? [...lines, `failed: ${left} more, named above`] : lines;
}

export const NO_REASON = "no reason given";

export const NOTHING: Tally = {
  ...{ passed: 0, failed: 0, skipped: [], failures: [] },
  ...{ nearest: [], stages: [], slowest: [] },
};

/** What a reporter saw, as a tally in the file named by OPERATE_TALLY; without that variable nothing is written. */
export function writeTally({
  timed,
  files,
  ...seen
}: Pick<Tally, "passed" | "skipped" | "failures"> & { timed: readonly Timed[]; files: readonly Took[] }): void {
  const tally: Tally = {
    ...{ ...seen, failed: seen.failures.length },
    ...{ nearest: nearestOf(timed), stages: [], slowest: slowestOf(files) },
  };
  const file = process.env.OPERATE_TALLY;
  if (file) writeFileSync(file, JSON.stringify(tally));
}

/** The messages of a test's errors, without the colours of a terminal. */
export const messagesOf = (errors: readonly { message?: string; value?: string }[] | undefined): string =>
  (errors ?? []).map(({ message, value }) => stripVTControlCharacters(message ?? value ?? "")).join("\n") ||
  "no message";

export const sum = (tallies: readonly Tally[]): Tally => ({
  passed: tallies.reduce((total, tally) => total + tally.passed, 0),
  failed: tallies.reduce((total, tally) => total + tally.failed, 0),
  skipped: tallies.flatMap((tally) => tally.skipped),
  failures: tallies.flatMap((tally) => tally.failures),
  nearest: nearestOf(tallies.flatMap((tally) => tally.nearest)),
  stages: tallies.flatMap((tally) => tally.stages),
  slowest: slowestOf(tallies.flatMap((tally) => tally.slowest)),
});

/** `12 passed, 1 failed`, and `, 2 skipped` when there are any. */
export const countLine = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`;

/** A stage that failed as a whole. */
export const failedOnce = (name: string, why: string): Tally => ({ ...NOTHING, failed: 1, failures: [{ name, why }] });

/**
 * The tally of a test runner: what its reporter wrote, or null, and its exit code. A runner that crashed, ran nothing
 * or ended badly with every test green has failed once.
 */
export function judgeRunner(
  name: string,
  reported: Tally | null,
  exitCode: number,
): { tally: Tally; remark: string | null } {
  const remark = objection(reported, exitCode);
  const tally = remark === null ? NOTHING : failedOnce(name, remark);
  return { tally: reported ? sum([reported, tally]) : tally, remark };
}

function objection(reported: Tally | null, exitCode: number): string | null {
  if (!reported) return "it ended without a report";
  if (reported.passed + reported.failed === 0) return "no test ran";
  if (exitCode !== 0 && reported.failed === 0) return `every test passed, but it ended with exit code ${exitCode}`;
  return null;
}
