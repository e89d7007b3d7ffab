import { STREAM_START } from "../../../agent/ports/telemetry.ts";
import { MOST_NAME, storableName } from "./text.ts";

const MOST_LABELS = 64;
const MOST_LABEL_VALUE = 2048;

/**
 * Collects the labels of one series. Unlike an attribute a label is never cut or left out for its size: two series
 * would become one. An empty value is no label, as in Prometheus.
 */
export class LabelCollector {
  readonly labels: Record<string, string>;
  /** why the series cannot be taken; null while it can */
  problem: string | null = null;
  #count: number;

  constructor(start: Readonly<Record<string, string>> = {}) {
    this.labels = { ...start };
    this.#count = Object.keys(start).length;
  }

  add(name: string, value: string): void {
    if (value === "" || this.problem !== null) return;
    if (name === "__proto__") this.problem = "a label is called __proto__: give it another name";
    else if (name.length > MOST_NAME) this.problem = `a label's name is longer than ${MOST_NAME} characters`;
    else if (value.length > MOST_LABEL_VALUE) this.problem = `a label is longer than ${MOST_LABEL_VALUE} characters`;
    else if (++this.#count > MOST_LABELS) this.problem = `a series has more than ${MOST_LABELS} labels`;
    else if (name === STREAM_START) {
      // Operate's own, by which it tells streams apart: a sender's is kept as Prometheus keeps what has a target's name
      let label = `exported_${name}`;
      while (Object.hasOwn(this.labels, label)) label = `exported_${label}`;
      this.labels[label] = storableName(value, MOST_LABEL_VALUE);
    } else this.labels[storableName(name, MOST_NAME)] = storableName(value, MOST_LABEL_VALUE);
  }
}

/** A series for a person to recognise: its name and labels. */
export function describeSeries(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).slice(0, 8);
  return `${name}{${pairs.map(([label, value]) => `${label}="${value}"`).join(",")}}`;
}
