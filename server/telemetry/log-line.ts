/** What readers of a log take as one line: the built-in one cuts at 64 KiB, and a character is three bytes at most. */
const LONGEST_LINE = 16_384;
const LONGEST_TEXT = 2_000;
const MOST_ITEMS = 20;
const DEEPEST = 6;

/**
 * A JSON line short enough to be read back as one record: beyond 16,384 characters its long texts and lists are cut. A
 * database error that quotes its whole query would otherwise be cut by its reader, into pieces that are no JSON.
 */
export function boundedLine(line: string): string {
  if (line.length <= LONGEST_LINE) return line;
  const end = line.endsWith("\n") ? "\n" : "";
  const record = parsed(line);
  if (record === null) return `${line.slice(0, LONGEST_LINE).toWellFormed()}…${end}`;
  const short = JSON.stringify(bounded(record, LONGEST_TEXT, 0));
  if (short.length <= LONGEST_LINE) return short + end;
  const { level, time, component, msg } = record;
  return (
    JSON.stringify(bounded({ level, time, component, msg, err: record.err }, LONGEST_TEXT / 10, DEEPEST - 2)) + end
  );
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function bounded(value: unknown, longest: number, depth: number): unknown {
  if (typeof value === "string") return value.length > longest ? `${value.slice(0, longest).toWellFormed()}…` : value;
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEEPEST) return "…";
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map((item) => bounded(item, longest, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MOST_ITEMS)
      .map(([key, item]) => [key, bounded(item, longest, depth + 1)]),
  );
}
