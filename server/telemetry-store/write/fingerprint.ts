/** Code units end at 0xffff: these stand for the borders between names and values, which may hold any of them. */
const AFTER_NAME = 0x10001;
const AFTER_VALUE = 0x10002;

/** A 64-bit hash in two signed halves, the form in which typed arrays hold it. */
export interface Fingerprint {
  high: number;
  low: number;
}

/**
 * Of a metric's name and labels, whatever their order; a label with an empty value counts as absent, as Prometheus
 * has it. Two multiplicative hashes side by side, mixed in the end (cyrb53 by bryc, public domain, with all 64 bits).
 * It is stored: a change makes every series a new one.
 */
export function fingerprintOf(name: string, labels: Readonly<Record<string, string>>): Fingerprint {
  let a = 0xdeadbeef | 0;
  let b = 0x41c6ce57 | 0;
  const mix = (text: string, end: number) => {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 2_654_435_761);
      b = Math.imul(b ^ code, 1_597_334_677);
    }
    a = Math.imul(a ^ end, 2_654_435_761);
    b = Math.imul(b ^ end, 1_597_334_677);
  };
  mix(name, AFTER_VALUE);
  const keys = Object.keys(labels).sort();
  for (const key of keys) {
    const value = labels[key];
    if (!value) continue;
    mix(key, AFTER_NAME);
    mix(value, AFTER_VALUE);
  }
  const high = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  const low = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  return { high, low };
}

/** As a PostgreSQL bigint in decimal. */
export const fingerprintText = ({ high, low }: Fingerprint): string =>
  ((BigInt(high) << 32n) | BigInt(low >>> 0)).toString();
