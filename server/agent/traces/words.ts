/** Numbers in the sentences about traces: three significant digits with their unit. */
const three = (value: number): string =>
  Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 3 });

/** `0.42 ms`, `240 ms`, `1.24 s` */
export const inMs = (ms: number): string => (ms < 999.5 ? `${three(ms)} ms` : `${three(ms / 1_000)} s`);

/** `4.76 %` of a part and its whole */
export const inPercent = (part: number, whole: number): string => `${three(whole > 0 ? (part / whole) * 100 : 0)} %`;

export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
