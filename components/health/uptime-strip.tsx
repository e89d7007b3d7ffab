import { formatAbsolute } from "../lib/format.ts";
import { BAR_HEIGHT, type Bar, describeBar } from "./uptime-bars.ts";

const FILL: Record<Bar["level"], string> = {
  none: "fill-line-strong",
  up: "fill-ok",
  degraded: "fill-warning",
  down: "fill-critical",
};

interface UptimeStripProps {
  bars: readonly Bar[];
  /** the picture in words */
  label: string;
  height: number;
  className?: string;
}

const STEP = 4;
const DOT = 2;

/** One bar a piece of time, as wide as its place allows. Hovering a bar says when and what. */
export const UptimeStrip = ({ bars, label, height, className }: UptimeStripProps) => (
  <svg
    role="img"
    aria-label={label}
    viewBox={`0 0 ${Math.max(1, bars.length * STEP - 1)} ${height}`}
    preserveAspectRatio="none"
    style={{ height }}
    className={className}
  >
    {bars.map((bar, index) => {
      const tall = bar.level === "none" ? DOT : BAR_HEIGHT[bar.level] * height;
      return (
        <g key={bar.fromMs}>
          <title suppressHydrationWarning>{`${formatAbsolute(new Date(bar.fromMs))}: ${describeBar(bar)}`}</title>
          <rect x={index * STEP} y={0} width={STEP} height={height} fill="transparent" />
          <rect x={index * STEP} y={height - tall} width={STEP - 1} height={tall} className={FILL[bar.level]} />
        </g>
      );
    })}
  </svg>
);
