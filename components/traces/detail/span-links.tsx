import { useQuery } from "@tanstack/react-query";
import type { GetTraceOutput, SpanView } from "#server/agent/traces/schema.ts";
import { Time } from "../../feedback/time.tsx";
import { EnvLink } from "../../layout/env-link.tsx";
import { plainText } from "../../logs/lines/plain-text.ts";
import { useTRPC } from "../../trpc/client.tsx";
import { describeError } from "../../trpc/error-description.ts";
import { traceTitle } from "../trace-title.ts";
import { Group, SpanAttributes } from "./span-attributes.tsx";

const LONGEST_NAME = 200;
/** links whose traces are looked for; more are shown by their ids */
const MOST_ASKED = 20;

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
                  {own ? (
                    <>
                      <EnvLink href={spanHref(link)} className="link break-all" prefetch={false}>
                        {plainText(named ?? `Span ${link.spanId}`, LONGEST_NAME)}
                      </EnvLink>
                      <span className="text-ink-3"> of this trace</span>
                    </>
                  ) : (
                    <OtherTrace link={link} asked={index < MOST_ASKED} />
                  )}
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

/** A span of another trace, by that trace's name; one whose trace is not kept is no link. */
function OtherTrace({ link, asked }: { link: SpanView["links"][number]; asked: boolean }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.traces.get.queryOptions(
      { traceId: link.traceId, limit: 1 },
      { enabled: asked, staleTime: Number.POSITIVE_INFINITY, retry: false },
    ),
  );
  const id = <span className="num">{link.traceId}</span>;
  if (query.error && describeError(query.error).code === "NOT_FOUND")
    return (
      <span className="break-all">
        Trace {id} <span className="text-ink-3">not stored here</span>
      </span>
    );
  return (
    <EnvLink href={spanHref(link)} className="link break-all" prefetch={false} title={link.traceId}>
      {query.data ? traceTitle(query.data) : <>Trace {id}</>}
    </EnvLink>
  );
}

const spanHref = ({ traceId, spanId }: { traceId: string; spanId: string }): string =>
  `/traces/${traceId}?span=${spanId}`;
