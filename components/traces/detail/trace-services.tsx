import type { GetTraceOutput } from "#server/agent/traces/schema.ts";
import { seriesDot } from "../../charts/line-look.ts";
import { cn } from "../../lib/cn.ts";
import { formatMs, formatPercent, plural } from "../../lib/format.ts";
import { plainText } from "../../logs/lines/plain-text.ts";

interface TraceServicesProps {
  services: GetTraceOutput["services"];
  seriesOf: (service: string) => number;
}

/** Which service took the time: their own, without what they waited for. */
export function TraceServices({ services, seriesOf }: TraceServicesProps) {
  const all = services.reduce((sum, { selfMs }) => sum + selfMs, 0);
  return (
    <div className="flex flex-col gap-2">
      <div aria-hidden="true" className="flex h-2 overflow-hidden rounded-sm bg-sunken">
        {services.map(({ service, selfMs }) => (
          <span
            key={service}
            className={seriesDot(seriesOf(service))}
            style={{ width: `${all > 0 ? (selfMs / all) * 100 : 0}%` }}
          />
        ))}
      </div>
      <ul className="flex flex-wrap gap-x-6 gap-y-1 text-sm">
        {services.map(({ service, spans, selfMs, afterMs }) => (
          <li key={service} className="flex items-center gap-2">
            <span aria-hidden="true" className={cn("size-2.5 rounded-sm", seriesDot(seriesOf(service)))} />
            <span className="font-medium">{plainText(service, 60)}</span>
            <span className="num">{formatMs(selfMs)}</span>
            <span className="text-ink-3 text-xs">
              {all > 0 ? `${formatPercent((selfMs / all) * 100)} of the work, ` : ""}
              {plural(spans, "span")}
              {afterMs > 0 ? `, and ${formatMs(afterMs)} after the answer` : ""}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
