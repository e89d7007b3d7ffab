import type { DeploymentView } from "#server/agent/deploy/schema.ts";
import { Section } from "../../layout/page.tsx";
import { cn } from "../../lib/cn.ts";
import { formatCount, formatPercent, plural } from "../../lib/format.ts";
import { costOf, type Share, widthsOf } from "./split-words.ts";

/** How the requests are split between the old version and the new one, as it is meant and as it is. */
export function TrafficSplit({
  deployment,
  split,
  active,
}: {
  deployment: DeploymentView;
  split: readonly Share[];
  active: boolean;
}) {
  const widths = widthsOf(split);
  const weighted = split.some((one) => one.weight !== null);
  return (
    <Section
      title="Traffic"
      note={weighted ? "split by weight" : active ? "shared evenly by all ready instances" : "as it is now"}
    >
      <div className="flex flex-col gap-3 p-3">
        <div aria-hidden="true" className="flex h-6 w-full gap-px overflow-hidden rounded-sm bg-sunken">
          {split.map((share, i) => (
            <span
              key={share.version}
              style={{ width: `${widths[i]}%` }}
              className={cn(
                "h-full transition-[width] duration-150 motion-reduce:transition-none",
                share.version === deployment.version ? "bg-accent" : "bg-chart-2",
              )}
            />
          ))}
        </div>
        <table className="w-full text-sm">
          <thead>
            <tr className="text-left text-ink-3 text-xs">
              <th scope="col" className="pr-2 font-medium">
                Version
              </th>
              <th scope="col" className="text-right font-medium">
                Target share
              </th>
              <th scope="col" className="text-right font-medium">
                Last 10 s
              </th>
              <th scope="col" className="text-right font-medium">
                Ready
              </th>
              <th scope="col" className="text-right font-medium">
                Requests
              </th>
              <th scope="col" className="text-right font-medium">
                Failed
              </th>
            </tr>
          </thead>
          <tbody>
            {split.map((share) => (
              <tr key={share.version} className="border-t">
                <th scope="row" className="py-1 pr-2 text-left font-normal">
                  <span className="num inline-flex items-center gap-2">
                    <span
                      aria-hidden="true"
                      className={cn(
                        "size-2.5 rounded-sm",
                        share.version === deployment.version ? "bg-accent" : "bg-chart-2",
                      )}
                    />
                    {share.version}
                  </span>
                </th>
                <td className="num text-right">{share.weight === null ? "even" : `${share.weight} %`}</td>
                <td className="num text-right">{formatPercent(share.share)}</td>
                <td className="num text-right" title={plural(share.readyInstances, "ready instance")}>
                  {share.readyInstances}
                </td>
                <td className="num text-right">{formatCount(share.requests)}</td>
                <td className={cn("num text-right", share.errors > 0 && "text-critical")}>
                  {formatCount(share.errors)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <p className="min-h-8 text-ink-2 text-xs">{costOf(deployment, split)}</p>
      </div>
    </Section>
  );
}
