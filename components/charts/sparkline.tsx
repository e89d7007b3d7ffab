import { sparkPaths } from "./prepare/spark-path.ts";

interface SparklineProps {
  /** oldest first; null is a gap */
  values: readonly (number | null)[];
  /** read out instead of the picture */
  label: string;
}

const WIDTH = 96;
const HEIGHT = 20;

/** A line as tall as its row, for shape only: the number stands beside it. */
export function Sparkline({ values, label }: SparklineProps) {
  const paths = sparkPaths(values, WIDTH, HEIGHT);
  return (
    <svg
      role="img"
      aria-label={paths.length > 0 ? label : `${label}: no data`}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className="block h-5 w-24 overflow-visible text-ink-3"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.25"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      {paths.length > 0 ? (
        paths.map((path) => <path key={path} d={path} />)
      ) : (
        <path d={`M0 ${HEIGHT / 2}H${WIDTH}`} strokeDasharray="1 5" />
      )}
    </svg>
  );
}
