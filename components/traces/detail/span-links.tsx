import type { GetTraceOutput, SpanView } from "#server/agent/traces/schema.ts";
import { Time } from "../../feedback/time.tsx";
import { EnvLink } from "../../layout/env-link.tsx";
import { plainText } from "../../logs/plain-text.ts";
import { Group, SpanAttributes } from "./span-attributes.tsx";

const LONGEST_NAME = 200;

/** The spans this one links to and those that link to it, mostly of other traces; nothing where there are none. */
export function SpanLinks({ span, trace }: { span: SpanView; trace: GetTraceOutput }) {
  const from = (trace.linkedFrom ?? []).filter(({ toSpanIds }) => toSpanIds.includes(span.spanId));
  return (
    <>
      {span.links.length > 0 ? (
        <Group title="Links">
          {span.links.map((link, index) => {
            const own = link.traceId === trace.traceId;
            const named = own ? trace.spans.find(({ spanId }) => spanId === link.spanId)?.name : undefined;
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: links of one span never move
              <div key={index} className="flex flex-col gap-1 border-t py-1.5 first:border-t-0">
                <p>
                  <EnvLink href={spanHref(link)} className="link break-all" prefetch={false}>
                    {own ? (
                      plainText(named ?? `Span ${link.spanId}`, LONGEST_NAME)
                    ) : (
                      <>
                        Trace <span className="num">{link.traceId}</span>
                      </>
                    )}
                  </EnvLink>
                  {own ? <span className="text-ink-3"> of this trace</span> : null}
                </p>
                <SpanAttributes attributes={link.attributes} none="" />
              </div>
            );
          })}
        </Group>
      ) : null}
      {from.length > 0 ? (
        <Group title="Linked from">
          {from.map((one) => (
            <p key={`${one.traceId}${one.spanId}`} className="border-t py-1.5 first:border-t-0">
              <EnvLink href={spanHref(one)} className="link break-words" prefetch={false}>
                {plainText(`${one.service} ${one.name}`, LONGEST_NAME)}
              </EnvLink>{" "}
              <Time at={one.startAt} className="text-ink-3" />
            </p>
          ))}
        </Group>
      ) : null}
    </>
  );
}

const spanHref = ({ traceId, spanId }: { traceId: string; spanId: string }): string =>
  `/traces/${traceId}?span=${spanId}`;
