import { renderToStaticMarkup } from "react-dom/server";
import { expect, it, vi } from "vitest";
import type { Column } from "./column.ts";
import { DataTable } from "./data-table.tsx";

// the state of a table is kept in the URL, and there is none here
vi.mock("./table-state.ts", () => ({
  useTableState: ({ columns, rows }: { columns: unknown; rows: unknown }) => ({
    shown: columns,
    sorting: null,
    sortBy: () => undefined,
    ordered: () => rows,
  }),
}));

interface Row {
  name: string;
  why: string | null;
  who: string;
}

const COLUMNS: Column<Row>[] = [
  { id: "name", header: "Name", cell: (row) => row.name },
  { id: "why", header: "Why", hideBelow: "xl", cell: (row) => row.why ?? "–", phone: (row) => row.why },
  { id: "who", header: "Who", hideBelow: "md", cell: (row) => row.who, phone: (row) => `by ${row.who}` },
];

const lines = (columns: Column<Row>[], row: Row): string[] =>
  renderToStaticMarkup(<DataTable label="Rows" columns={columns} rows={[row]} rowKey={({ name }) => name} />)
    .split("<tbody")[1]
    ?.match(/<tr.*?<\/tr>/g) ?? [];

it("what a narrow screen leaves out stands on a second line, each as long as its column is left out", () => {
  const [, second] = lines(COLUMNS, { name: "a", why: "errors", who: "Ada" });
  expect(second).toMatch(/^<tr class="xl:hidden">/);
  expect(second).toMatch(/<span class="min-w-0 xl:hidden">errors<\/span><span class="min-w-0 md:hidden">by Ada</);
});

it("a line that has nothing to say is not there, and is no wider than what it says", () => {
  const [, second] = lines(COLUMNS, { name: "a", why: null, who: "Ada" });
  expect(second).toMatch(/^<tr class="md:hidden">/);
  expect(lines(COLUMNS.slice(0, 2), { name: "a", why: null, who: "Ada" })).toHaveLength(1);
});
