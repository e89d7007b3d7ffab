import { describeSeconds } from "../../kernel/durations.ts";

/** How anomalies put their numbers. */

export const integer = (value: number): string => Math.round(value).toLocaleString("en-US");

export const percent = (share: number): string => {
  const rounded = Number((share * 100).toPrecision(3));
  return `${rounded.toLocaleString("en-US", { maximumFractionDigits: 3 })} %`;
};

export const lines = (count: number): string => (count === 1 ? "1 line" : `${integer(count)} lines`);

export const span = (ms: number): string => describeSeconds(ms / 1_000);

const MAX_TEMPLATE = 120;
export const quoted = (template: string): string =>
  `"${template.length > MAX_TEMPLATE ? `${template.slice(0, MAX_TEMPLATE)}…` : template}"`;

/** "cart" or "an unnamed service"; the environment stands in the anomaly itself. */
export const named = (service: string): string => (service === "" ? "an unnamed service" : service);
