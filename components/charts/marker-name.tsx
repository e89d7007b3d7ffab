/** Where recharts wants the label of a reference line. */
export interface MarkerLabel {
  viewBox?: { x?: number; y?: number };
}

/** The name of a marker above its thin vertical; `at` is its share of the width: at the ends it stays inside. */
export const MarkerName = ({ label: { viewBox }, at, name }: { label: MarkerLabel; at: number; name: string }) => (
  <text
    x={viewBox?.x ?? 0}
    y={(viewBox?.y ?? 0) - 7}
    textAnchor={at > 0.92 ? "end" : at < 0.05 ? "start" : "middle"}
    className="fill-ink-2 text-xs"
  >
    {name}
  </text>
);
