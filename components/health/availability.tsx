"use client";

import { ChartColumn, Table2 } from "lucide-react";
import { parseAsBoolean, useQueryState } from "nuqs";
import { useClock } from "../feedback/time.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { Section } from "../layout/page.tsx";
import { formatAbsolute, formatDuration, formatMs, formatShare } from "../lib/format.ts";
import type { RouterOutputs } from "../trpc/client.tsx";
import { Button } from "../ui/button.tsx";
import { type Bar, endsOf, uptimeBars } from "./uptime-bars.ts";
import { UptimeStrip } from "./uptime-strip.tsx";

type History = RouterOutputs["health"]["history"];
const BARS = 96;
const HEIGHT = 48;

/** How much of the range it was up, as bars or as numbers. */
export function Availability({ data, rangeWords }: { data: History; rangeWords: string }) {
  const [asTable, setAsTable] = useQueryState("bars", parseAsBoolean.withDefault(false));
  const nowMs = useClock((clock) => Math.floor(clock / 60_000) * 60_000);
  const bars = uptimeBars(data.buckets, data.stepSeconds, BARS);
  const share = `Up by its probe in ${formatShare(data.uptimePercent, data.checks, "checks")}, which cover ${formatDuration(data.watchedSeconds * 1_000)}`;
  return (
    <Section
      title="Availability"
      note={rangeWords}
      actions={
        <Button
          variant="ghost"
          size="icon"
          aria-pressed={asTable}
          aria-label={asTable ? "Availability as bars" : "Availability as a table"}
          onClick={() => void setAsTable(asTable ? null : true)}
        >
          {asTable ? <ChartColumn /> : <Table2 />}
        </Button>
      }
    >
      <div className="flex flex-col gap-2 p-3">
        <p className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
          <span className="font-medium">
            {data.checks === 0 ? "Nothing was checked in this range: unknown, not down." : share}
          </span>
          <span className="text-ink-2">
            p50 <span className="num">{formatMs(data.latencyP50Ms)}</span>, p95{" "}
            <span className="num">{formatMs(data.latencyP95Ms)}</span>, p99{" "}
            <span className="num">{formatMs(data.latencyP99Ms)}</span>
          </span>
        </p>
        {asTable ? (
          <Numbers bars={bars} />
        ) : (
          <>
            <UptimeStrip
              bars={bars}
              label={`Availability, ${rangeWords}: ${share}`}
              height={HEIGHT}
              className="w-full"
            />
            <Ends bars={bars} nowMs={nowMs} />
          </>
        )}
      </div>
    </Section>
  );
}

/** The last bar is not over yet: the range ends now. */
const Ends = ({ bars, nowMs }: { bars: readonly Bar[]; nowMs: number }) => {
  const [first, last] = endsOf(bars, nowMs) ?? [];
  if (!first || !last) return null;
  return (
    <div className="flex flex-wrap justify-between gap-x-4 text-ink-3 text-xs">
      <span className="num" title={formatAbsolute(first)} suppressHydrationWarning>
        {formatAbsolute(first).slice(0, 16)}
      </span>
      <span>tall: down, middle: degraded, low: up, line: not checked</span>
      <span className="num" title={formatAbsolute(last)} suppressHydrationWarning>
        {formatAbsolute(last).slice(0, 16).concat(formatAbsolute(last).slice(19))}
      </span>
    </div>
  );
};

const Numbers = ({ bars }: { bars: readonly Bar[] }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must be able to reach it
  <section className="max-h-64 overflow-y-auto" aria-label="Availability, numbers" tabIndex={0}>
    <table className="w-full text-xs">
      <thead className="sticky top-0 bg-surface text-ink-3">
        <tr>
          {["from", "up", "degraded", "down"].map((name, index) => (
            <th
              key={name}
              scope="col"
              className={index === 0 ? "py-1 text-left font-medium" : "py-1 pl-3 text-right font-medium"}
            >
              <VisibleText text={name} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {bars.toReversed().map((bar) => (
          <tr key={bar.fromMs} className="num border-t">
            <th scope="row" className="py-0.5 text-left font-normal" suppressHydrationWarning>
              {formatAbsolute(new Date(bar.fromMs))}
            </th>
            {bar.level === "none" ? (
              <td colSpan={3} className="text-right text-ink-3">
                not checked
              </td>
            ) : (
              [bar.up, bar.degraded, bar.down].map((count, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: three fixed columns
                <td key={index} className="text-right">
                  {count}
                </td>
              ))
            )}
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);
