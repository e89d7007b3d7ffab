import type { DeploymentView, GetDeploymentOutput } from "#server/agent/deploy/schema.ts";
import { Time } from "../../feedback/time.tsx";
import { Section } from "../../layout/page.tsx";
import { cn } from "../../lib/cn.ts";
import { formatCount, formatPercent, plural } from "../../lib/format.ts";
import { afterwardsOf, costOf, type Share, sharingOf, targetOf, widthsOf } from "./split-words.ts";

type SplitWindow = NonNullable<GetDeploymentOutput["splitWindow"]>;

/** How the requests are split between the old version and the new one, as it is meant and as it is. */
export function TrafficSplit({
  deployment,
  split,
  window,
  active,
}: {
  deployment: DeploymentView;
  split: readonly Share[];
  window: SplitWindow | null;
  active: boolean;
}) {
  if (!active) return <TrafficAfterwards deployment={deployment} split={split} window={window} />;
  return (
    <Section title="Traffic" note={sharingOf(split)}>
      <div className="flex flex-col gap-3 p-3">
        <Bar deployment={deployment} split={split} widths={widthsOf(split)} />
        <table className="w-full text-sm">
          <Heads
            names={[
              "Version",
              "Target share",
              "Share, last 10 s",
              "Ready",
              "Requests since the deployment began",
              "Failed since the deployment began",
            ]}
          />
          <tbody>
            {split.map((share) => (
              <tr key={share.version} className="border-t">
                <VersionHead version={share.version} fresh={share.version === deployment.version} />
                <td className={FIGURE}>{targetOf(share, split)}</td>
                <td className={FIGURE}>{formatPercent(share.share)}</td>
                <td
                  className={FIGURE}
                  title={share.readyInstances === null ? "not known" : plural(share.readyInstances, "ready instance")}
                >
                  {formatCount(share.readyInstances)}
                </td>
                <td className={FIGURE}>{formatCount(share.requests)}</td>
                <td className={cn(FIGURE, isSome(share.errors) && "text-critical")}>{formatCount(share.errors)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <p className="min-h-8 text-ink-2 text-xs">
          {costOf(deployment, split)} <Counted window={window} />
        </p>
      </div>
    </Section>
  );
}

/** Of what time and of what requests the counts are: others on this page are of times of their own. */
const Counted = ({ window }: { window: SplitWindow | null }) =>
  window === null ? null : (
    <>
      Counted from <Time at={window.from} /> {window.to === null ? "on" : null}
      {window.to === null ? null : (
        <>
          until <Time at={window.to} />
        </>
      )}
      , whole buckets of {window.stepSeconds} s
      {window.to === null || window.final ? "" : "; the last of it is still being counted"}: every request, also those
      before and after the judge’s comparisons and those that it leaves out.
    </>
  );

/** a figure and its head keep their distance from the column before */
const FIGURE = "num pl-4 text-right";

const Heads = ({ names }: { names: readonly string[] }) => (
  <thead>
    <tr className="text-ink-3 text-xs">
      {names.map((name, i) => (
        <th key={name} scope="col" className={cn("align-bottom font-medium", i > 0 ? "pl-4 text-right" : "text-left")}>
          {name}
        </th>
      ))}
    </tr>
  </thead>
);

/** Widths are those of all versions, or none. */
const drawn = (percents: readonly (number | null)[]): number[] | null => {
  const known = percents.filter((percent) => percent !== null);
  return known.length === percents.length ? known : null;
};

const isSome = (count: number | null): boolean => count !== null && count > 0;

/** Of a deployment that has ended: what each version was asked while it ran, not what is served by now. */
function TrafficAfterwards({
  deployment,
  split,
  window,
}: {
  deployment: DeploymentView;
  split: readonly Share[];
  window: SplitWindow | null;
}) {
  const rows = afterwardsOf(split);
  return (
    <Section title="Traffic" note="during the deployment, from its start to its end">
      <div className="flex flex-col gap-3 p-3">
        {rows === null ? (
          <p className="min-h-24 text-ink-2 text-sm">
            What each version answered while it ran was not counted, or is no longer kept.
          </p>
        ) : (
          <>
            <Bar deployment={deployment} split={split} widths={drawn(rows.map((row) => row.sharePercent))} />
            <table className="w-full text-sm">
              <Heads names={["Version", "Share of requests", "Requests", "Failed"]} />
              <tbody>
                {rows.map((row) => (
                  <tr key={row.version} className="border-t">
                    <VersionHead version={row.version} fresh={row.version === deployment.version} />
                    <td className={FIGURE}>{formatPercent(row.sharePercent)}</td>
                    <td className={FIGURE}>{formatCount(row.requests)}</td>
                    <td className={cn(FIGURE, isSome(row.errors) && "text-critical")}>{formatCount(row.errors)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </>
        )}
        <p className="min-h-8 text-ink-2 text-xs">
          {costOf(deployment, split, true)} <Counted window={window} />
        </p>
      </div>
    </Section>
  );
}

const Bar = ({
  deployment,
  split,
  widths,
}: {
  deployment: DeploymentView;
  split: readonly Share[];
  /** percent of the bar per version; null: not known, and the bar stays empty */
  widths: readonly number[] | null;
}) => (
  <div
    aria-hidden="true"
    className={cn("flex h-6 w-full gap-px overflow-hidden rounded-sm bg-sunken", !widths && "border border-dashed")}
  >
    {(widths ? split : []).map((share, i) => (
      <span
        key={share.version}
        style={{ width: `${widths?.[i]}%` }}
        className={cn(
          "h-full transition-[width] duration-150 motion-reduce:transition-none",
          share.version === deployment.version ? "bg-accent" : "bg-chart-2",
        )}
      />
    ))}
  </div>
);

const VersionHead = ({ version, fresh }: { version: string; fresh: boolean }) => (
  <th scope="row" className="py-1 pr-2 text-left font-normal">
    <span className="num inline-flex items-center gap-2">
      <span aria-hidden="true" className={cn("size-2.5 rounded-sm", fresh ? "bg-accent" : "bg-chart-2")} />
      {version}
    </span>
  </th>
);
