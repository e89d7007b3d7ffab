import type { ReactNode } from "react";
import { plural } from "../../lib/format.ts";
import { attributeRows } from "../../logs/lines/attribute-rows.ts";
import { LineText } from "../../logs/lines/line-text.tsx";

const LONGEST = 8_000;

/** A titled part of what is said of a span. */
export const Group = ({ title, children }: { title: string; children: ReactNode }) => (
  <section>
    <h3 className="mb-1 font-medium text-ink-3 text-xs">{title}</h3>
    {children}
  </section>
);

/** Attributes of a span, of an event or of a link; `none` is said where there are none. */
export function SpanAttributes({ attributes, none }: { attributes: Record<string, unknown>; none: string }) {
  const { rows, left } = attributeRows(attributes);
  if (rows.length === 0) return none ? <p className="text-ink-3">{none}</p> : null;
  return (
    <>
      <dl className="divide-y rounded-md border text-xs">
        {rows.map((row) => (
          <div key={row.path} className="grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)] gap-x-3 px-2 py-1">
            <dt className="num break-all text-ink-3">{row.path}</dt>
            <dd className="max-h-40 overflow-y-auto">
              <LineText body={row.value} mark={null} wrap longest={LONGEST} />
            </dd>
          </div>
        ))}
      </dl>
      {left > 0 ? <p className="mt-1 text-ink-3 text-xs">{plural(left, "attribute")} more.</p> : null}
    </>
  );
}
