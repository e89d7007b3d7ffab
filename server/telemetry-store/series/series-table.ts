import type { Fingerprint } from "../write/fingerprint.ts";
import type { StoredId } from "./series-owner.ts";

const FIRST_SLOTS = 1_024;
const NEVER = Number.NEGATIVE_INFINITY;

/**
 * What a writer remembers of the series it wrote: 57 bytes each in a hash table with open addressing, where a Map
 * would take ten times as much. A slot stays good until the next `add` or `clear`.
 */
export class SeriesTable {
  size = 0;
  #slots = FIRST_SLOTS;
  #high = new Int32Array(FIRST_SLOTS);
  #low = new Int32Array(FIRST_SLOTS);
  /** 0: the slot is free */
  #id = new Int32Array(FIRST_SLOTS);
  #lastMs = new Float64Array(FIRST_SLOTS);
  #seenMs = new Float64Array(FIRST_SLOTS);
  #startMs = new Float64Array(FIRST_SLOTS);
  #lastValue = new Float64Array(FIRST_SLOTS);
  #ownerMs = new Float64Array(FIRST_SLOTS);
  #scope = new Int32Array(FIRST_SLOTS);
  #kind = new Uint8Array(FIRST_SLOTS);

  /** the slot of a series, or -1 */
  find({ high, low }: Fingerprint): number {
    const slot = this.#probe(high, low);
    return this.#id[slot] === 0 ? -1 : slot;
  }

  add({ high, low }: Fingerprint, { id, kind, scope, startMs }: StoredId, seenMs: number): void {
    if (this.size * 2 >= this.#slots) this.#grow();
    const slot = this.#probe(high, low);
    if (this.#id[slot] === 0) {
      this.size++;
      this.#lastMs[slot] = NEVER;
      this.#startMs[slot] = 0;
    }
    this.#set(slot, high, low, id, seenMs);
    this.#kind[slot] = kind;
    this.noteOwner(slot, scope, startMs);
  }

  clear(): void {
    this.#allocate(FIRST_SLOTS);
    this.size = 0;
  }

  id = (slot: number): number => this.#id[slot] ?? 0;
  /** time of the newest sample written, ms since 1970 */
  lastMs = (slot: number): number => this.#lastMs[slot] ?? NEVER;
  /** when it was last noted in the registry that the series lives */
  seenMs = (slot: number): number => this.#seenMs[slot] ?? NEVER;

  /** when its counter began at zero, as it was last written */
  startMs = (slot: number): number => this.#startMs[slot] ?? 0;

  noteStart(slot: number, startMs: number): void {
    this.#startMs[slot] = startMs;
  }

  /** as in SeriesOwner */
  scope = (slot: number): number => this.#scope[slot] ?? 0;
  ownerMs = (slot: number): number => this.#ownerMs[slot] ?? 0;
  noteOwner(slot: number, scope: number, startMs: number): void {
    this.#scope[slot] = scope;
    this.#ownerMs[slot] = startMs;
  }

  /** index into SERIES_KINDS */
  kind = (slot: number): number => this.#kind[slot] ?? 0;
  noteKind(slot: number, kind: number): void {
    this.#kind[slot] = kind;
  }

  /** of the newest sample written */
  lastValue = (slot: number): number => this.#lastValue[slot] ?? Number.NaN;

  advance(slot: number, lastMs: number, value: number): void {
    if (lastMs <= this.lastMs(slot)) return;
    this.#lastMs[slot] = lastMs;
    this.#lastValue[slot] = value;
  }

  noteSeen(slot: number, seenMs: number): void {
    this.#seenMs[slot] = seenMs;
  }

  #set(slot: number, high: number, low: number, id: number, seenMs: number): void {
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#id[slot] = id;
    this.#seenMs[slot] = seenMs;
  }

  #probe(high: number, low: number): number {
    const mask = this.#slots - 1;
    let slot = low & mask;
    while (this.#id[slot] !== 0 && (this.#low[slot] !== low || this.#high[slot] !== high)) slot = (slot + 1) & mask;
    return slot;
  }

  #allocate(slots: number): void {
    this.#slots = slots;
    this.#high = new Int32Array(slots);
    this.#low = new Int32Array(slots);
    this.#id = new Int32Array(slots);
    this.#lastMs = new Float64Array(slots);
    this.#seenMs = new Float64Array(slots);
    this.#startMs = new Float64Array(slots);
    this.#lastValue = new Float64Array(slots);
    this.#ownerMs = new Float64Array(slots);
    this.#scope = new Int32Array(slots);
    this.#kind = new Uint8Array(slots);
  }

  #grow(): void {
    const old = {
      id: this.#id,
      high: this.#high,
      low: this.#low,
      lastMs: this.#lastMs,
      seenMs: this.#seenMs,
      startMs: this.#startMs,
      lastValue: this.#lastValue,
      ownerMs: this.#ownerMs,
      scope: this.#scope,
      kind: this.#kind,
    };
    this.#allocate(this.#slots * 2);
    for (let i = 0; i < old.id.length; i++) {
      const id = old.id[i] ?? 0;
      if (id === 0) continue;
      const [high, low] = [old.high[i] ?? 0, old.low[i] ?? 0];
      const slot = this.#probe(high, low);
      this.#set(slot, high, low, id, old.seenMs[i] ?? NEVER);
      this.#lastMs[slot] = old.lastMs[i] ?? NEVER;
      this.#startMs[slot] = old.startMs[i] ?? 0;
      this.#lastValue[slot] = old.lastValue[i] ?? Number.NaN;
      this.#kind[slot] = old.kind[i] ?? 0;
      this.noteOwner(slot, old.scope[i] ?? 0, old.ownerMs[i] ?? 0);
    }
  }
}
