import type { IngestOverviewOutput } from "#server/agent/ingest/schema.ts";
import { Mark } from "../feedback/mark.tsx";
import { VisibleText } from "../feedback/visible-text.tsx";
import { cn } from "../lib/cn.ts";
import { formatBytes, MISSING, plural } from "../lib/format.ts";
import { fillOf } from "./ingest-words.ts";

const BAR = { ok: "bg-ink-3", warning: "bg-warning", critical: "bg-critical" } as const;

/** How much of each limit is used, as a bar and in numbers. */
export const Limits = ({ limits }: { limits: IngestOverviewOutput["limits"] }) => (
  <ul className="divide-y">
    {limits.map((limit) => {
      const { share, tone, words } = fillOf(limit);
      return (
        <li key={limit.name} className="flex flex-col gap-1 px-3 py-2 text-sm">
          <div className="flex flex-wrap items-baseline gap-x-3">
            <span className="font-medium">
              <VisibleText text={limit.name} />
            </span>
            <span className="num">{words}</span>
            {tone === "ok" ? null : (
              <Mark tone={tone}>{tone === "critical" ? "full: new ones are refused" : "nearly full"}</Mark>
            )}
          </div>
          {/* biome-ignore lint/a11y/useSemanticElements: a browser draws <meter> in colours of its own */}
          <div
            role="meter"
            aria-label={`${limit.name} used`}
            aria-valuemin={0}
            aria-valuemax={limit.max}
            aria-valuenow={Math.min(limit.used, limit.max)}
            aria-valuetext={words}
            className="h-1.5 overflow-hidden rounded-full bg-sunken"
          >
            <div className={cn("h-full", BAR[tone])} style={{ width: `${(share * 100).toFixed(2)}%` }} />
          </div>
          <code className="num break-all text-ink-3 text-xs">{limit.key}</code>
        </li>
      );
    })}
  </ul>
);

/** All telemetry against its limit, and the disk it shares with the database. */
const Space = ({ space: { disk, level, message, bytes, maxBytes } }: { space: IngestOverviewOutput["space"] }) => (
  <div className="flex flex-col gap-1 border-b px-3 py-2 text-sm">
    <p>
      {formatBytes(bytes)}
      {maxBytes === null
        ? " used, without a limit."
        : ` of ${formatBytes(maxBytes)} used; beyond that the oldest days are deleted.`}
      {disk ? ` The disk has ${formatBytes(disk.freeBytes)} of ${formatBytes(disk.sizeBytes)} free.` : ""}
    </p>
    {message ? (
      <Mark tone={level === "full" ? "critical" : "warning"}>
        <VisibleText text={message} />
      </Mark>
    ) : null}
  </div>
);

/** What is kept, for how long, and what it takes. */
export const Storage = ({ storage, space }: Pick<IngestOverviewOutput, "storage" | "space">) => (
  <>
    <Space space={space} />
    <StorageTable storage={storage} />
  </>
);

const StorageTable = ({ storage }: Pick<IngestOverviewOutput, "storage">) => (
  <table className="w-full text-sm">
    <caption className="sr-only">Storage by signal</caption>
    <thead className="text-ink-3 text-xs">
      <tr className="border-b">
        <th scope="col" className="h-8 px-3 text-left font-medium">
          Signal
        </th>
        <th scope="col" className="px-2 text-right font-medium">
          Kept for
        </th>
        <th scope="col" className="px-2 text-right font-medium">
          Oldest
        </th>
        <th scope="col" className="px-3 text-right font-medium">
          On disk
        </th>
      </tr>
    </thead>
    <tbody>
      {storage.map((one) => (
        <tr key={one.signal} className="h-9 border-b last:border-b-0">
          <th scope="row" className="px-3 text-left font-normal">
            {one.signal}
          </th>
          <td className="num whitespace-nowrap px-2 text-right">{plural(one.keptDays, "day")}</td>
          <td className="num px-2 text-right">{oldestWords(one)}</td>
          <td className="num px-3 text-right">
            <span className="whitespace-nowrap">{formatBytes(one.bytes)}</span>
            {one.maxBytes === null ? null : <span className="whitespace-nowrap"> of {formatBytes(one.maxBytes)}</span>}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);

/** Sums are kept by whole weeks: the first may begin before anything was sent. */
const oldestWords = ({ signal, oldestDay }: IngestOverviewOutput["storage"][number]): string =>
  oldestDay === null ? MISSING : signal === "rollups" ? `in the week from ${oldestDay}` : oldestDay;
