import type { Attributes, AttributeValue } from "../../../agent/ports/telemetry.ts";
import { MOST_NAME, storableName } from "./text.ts";

export const MOST_ATTRIBUTES = 128;
export const MOST_VALUE = 4096;
/** lists and maps inside of each other */
export const MOST_DEPTH = 8;

/** Their values become names on the map and labels of series. */
const NAMES_A_PEER = new Set([
  ...["peer.service", "service.peer.name", "server.address", "net.peer.name", "http.route"],
  ...[
    "db.system.name",
    "db.system",
    "db.namespace",
    "db.name",
    "messaging.system",
    "messaging.destination.name",
    "messaging.destination",
  ],
]);

/** Says on a record how many of its attributes were left out. */
const DROPPED = "operate.dropped_attributes";

/**
 * Collects the attributes of one record within bounds: the first of `MOST_ATTRIBUTES` are kept, the others counted.
 * `__proto__` is no name: it would not become an attribute but the record's prototype.
 */
export class AttributeCollector {
  readonly values: Attributes;
  #count = 0;
  #dropped = 0;

  /** @param start what every record of the batch has; a record's own attribute of the same name takes its place */
  constructor(start: Attributes = {}) {
    this.values = { ...start };
  }

  get full(): boolean {
    return this.#count >= MOST_ATTRIBUTES;
  }

  /** The value must be bounded already. */
  set(name: string, value: AttributeValue): void {
    if (name === "__proto__" || name === "") return;
    if (this.full) {
      this.drop();
      return;
    }
    this.#count++;
    this.values[name] = typeof value === "string" && NAMES_A_PEER.has(name) ? attributeName(value) : value;
  }

  drop(): void {
    this.#dropped++;
  }

  finish(): Attributes {
    if (this.#dropped > 0) this.values[DROPPED] = this.#dropped;
    return this.values;
  }
}

export const attributeName = (text: string): string => storableName(text, MOST_NAME);

/** Numbers that JSON cannot hold become their names. */
export const attributeNumber = (value: number): number | string => (Number.isFinite(value) ? value : String(value));
