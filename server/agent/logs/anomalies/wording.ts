import { describeSeconds } from "../../text/durations.ts";
import { groupedCount, threeDigits } from "../../text/numbers.ts";
import { visibleText } from "../../text/visible-line.ts";

/** How anomalies put their numbers. */

export const percent = (share: number): string => `${threeDigits(share * 100)} %`;

export const lines = (count: number): string => (count === 1 ? "1 line" : `${groupedCount(count)} lines`);

export const span = (ms: number): string => describeSeconds(ms / 1_000);

const LONGEST_TEMPLATE = 120;
const LONGEST_NAME = 120;
/** A pattern as people read it: what varies is "…", neighbours once. */
export const quoted = (template: string): string =>
  `"${visibleText(template.replaceAll(/<\*>(?:[\s,]*<\*>)*/g, "…"), LONGEST_TEMPLATE)}"`;

interface Place {
  service: string | null;
  environment: string | null;
}

/** "cart in production", "cart" where no environment is known, or "an unnamed service". */
export function named({ service, environment }: Place): string {
  const name = service ? visibleText(service, LONGEST_NAME) : "an unnamed service";
  return environment ? `${name} in ${visibleText(environment, LONGEST_NAME)}` : name;
}
