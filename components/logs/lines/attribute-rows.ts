/** more than this is not read by a person, and slows the page down */
const MOST = 200;
const DEEPEST = 6;

export interface AttributeRow {
  /** dotted path, as the query language takes it */
  path: string;
  value: string;
  /** null and empty values cannot be asked for */
  filterable: boolean;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));

/** Attributes flattened to dotted paths, in their order; lists as JSON. `left` counts those beyond the first 200. */
export function attributeRows(attributes: Record<string, unknown>): { rows: AttributeRow[]; left: number } {
  const rows: AttributeRow[] = [];
  let left = 0;
  const walk = (record: object, prefix: string, depth: number) => {
    for (const [key, value] of Object.entries(record)) {
      const path = prefix ? `${prefix}.${key}` : key;
      const nested = typeof value === "object" && value !== null && !Array.isArray(value);
      if (nested && depth < DEEPEST && Object.keys(value).length > 0) walk(value, path, depth + 1);
      else if (rows.length >= MOST) left++;
      else {
        const plain = ["string", "number", "boolean"].includes(typeof value) && value !== "";
        rows.push({ path, value: textOf(value), filterable: plain && /^[\w.@/-]+$/.test(path) });
      }
    }
  };
  walk(attributes, "", 1);
  return { rows, left };
}
