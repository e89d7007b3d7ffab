import { formatAbsolute } from "../lib/format.ts";

interface NumberRowsProps {
  /** of the chart it stands for */
  title: string;
  columns: readonly { key: string; label: string }[];
  /** oldest first; shown newest first */
  rows: readonly ({ t: number } & Record<string, number | null>)[];
  formatValue: (value: number | null | undefined) => string;
}

/** A chart's numbers, as high as its place. Only after hydration: times are those of the viewer's zone. */
export const NumberRows = ({ title, columns, rows, formatValue }: NumberRowsProps) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must be able to reach it
  <section className="h-full overflow-y-auto" aria-label={`${title}, numbers`} tabIndex={0}>
    <table className="w-full text-xs">
      <thead className="sticky top-0 bg-surface text-ink-3">
        <tr>
          <th scope="col" className="px-2 py-1 text-left font-medium">
            from
          </th>
          {columns.map((column) => (
            <th key={column.key} scope="col" className="px-2 py-1 text-right font-medium">
              {column.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {[...rows].reverse().map((row) => (
          <tr key={row.t} className="border-t">
            <th scope="row" className="num px-2 py-0.5 text-left font-normal">
              {formatAbsolute(new Date(row.t))}
            </th>
            {columns.map((column) => (
              <td key={column.key} className="num px-2 py-0.5 text-right">
                {formatValue(row[column.key])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);
