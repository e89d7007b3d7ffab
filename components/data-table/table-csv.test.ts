import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CsvValue } from "../lib/csv.ts";
import type { Column } from "./column.ts";
import { tableCsv } from "./table-csv.ts";

const MARK = "\ufeff";

/** A table whose rows are its cells. */
const columnsOf = (count: number): Column<readonly CsvValue[]>[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `c${index}`,
    header: `c${index}`,
    cell: () => null,
    csv: (row) => row[index] ?? null,
  }));

/** The cell of a table that has no other. */
const written = (value: CsvValue): string =>
  tableCsv(columnsOf(1), [[value]])
    .slice(`${MARK}c0\r\n`.length)
    .slice(0, -"\r\n".length);

/** A reader of RFC 4180 of its own: a quoted or a bare field, then a comma or the end of the line. */
function parse(text: string): string[][] {
  const lines: string[][] = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    lines.at(-1)?.push(quoted?.replaceAll('""', '"') ?? bare ?? "");
    if (end === "\r\n") lines.push([]);
  }
  return lines.slice(0, -1);
}

const asRead = (value: CsvValue): string =>
  value === null ? "" : typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);

describe("a table as CSV", () => {
  it("is read back as it was written", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom('"', ",", "\r", "\n", "\t", "=", "-", "'", "a", "é") }),
    );
    const value = fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.constant(null));
    const table = fc
      .integer({ min: 1, max: 5 })
      .chain((width) =>
        fc.array(fc.array(value, { minLength: width, maxLength: width })).map((rows) => ({ width, rows })),
      );
    fc.assert(
      fc.property(table, ({ width, rows }) => {
        const columns = columnsOf(width);
        const csv = tableCsv(columns, rows);
        expect(csv.startsWith(MARK)).toBe(true);
        expect(parse(csv.slice(1))).toEqual([columns.map(({ id }) => id), ...rows.map((row) => row.map(asRead))]);
      }),
    );
  });

  it.each([
    ["=HYPERLINK(A1)", "'=HYPERLINK(A1)"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\tcmd", "'\tcmd"],
    ["\r=1", '"\'\r=1"'],
    ['=1,"2"', '"\'=1,""2"""'],
    ["a=b", "a=b"],
  ])("%j stays a text", (text, expected) => {
    expect(written(text)).toBe(expected);
  });

  it.each([
    ['say "so"', '"say ""so"""'],
    ["a,b", '"a,b"'],
    ["one\ntwo", '"one\ntwo"'],
    ["one\r\ntwo", '"one\r\ntwo"'],
    [null, ""],
    ["", ""],
    [-1234.5, "-1234.5"],
    [0, "0"],
    [Number.NaN, ""],
    [Number.POSITIVE_INFINITY, ""],
    ["2026-11-22T14:03:07.000Z", "2026-11-22T14:03:07.000Z"],
  ])("%j becomes %j", (value, expected) => {
    expect(written(value)).toBe(expected);
  });

  it("has what columns tell: csv before sort, the unit in the header, more beside; not what is only drawn", () => {
    type Row = { service: string; environment: string; p95Ms: number };
    const columns: Column<Row>[] = [
      {
        ...{ id: "service", header: "Service", cell: () => null, sort: ({ service }) => service },
        more: [{ name: "Environment", csv: ({ environment }) => environment }],
      },
      { id: "rank", header: null, name: "State", cell: () => null, sort: () => 3, csv: () => "up" },
      { id: "p95", header: "p95", unit: "ms", cell: () => null, sort: ({ p95Ms }) => p95Ms },
      { id: "trend", header: "Trend", cell: () => null },
    ];
    expect(tableCsv(columns, [{ service: "checkout", environment: "production", p95Ms: 312.4 }])).toBe(
      `${MARK}Service,Environment,State,p95 (ms)\r\ncheckout,production,up,312.4\r\n`,
    );
  });

  it("has its header line also without rows", () => {
    expect(tableCsv(columnsOf(2), [])).toBe(`${MARK}c0,c1\r\n`);
  });
});
