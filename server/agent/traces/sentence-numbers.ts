import { groupedCount, threeDigits } from "../text/numbers.ts";

/** Numbers in the sentences about traces: three significant digits with their unit. */
/** `0.42 ms`, `240 ms`, `1.24 s` */
export const inMs = (ms: number): string => (ms < 999.5 ? `${threeDigits(ms)} ms` : `${threeDigits(ms / 1_000)} s`);

/** `4.76 %` of a part and its whole */
export const inPercent = (part: number, whole: number): string =>
  `${threeDigits(whole > 0 ? (part / whole) * 100 : 0)} %`;

export const counted = (count: number, noun: string): string =>
  `${groupedCount(count)} ${noun}${count === 1 ? "" : "s"}`;
