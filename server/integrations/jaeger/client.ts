import { AppError } from "../../agent/kernel/errors.ts";
import type { TimeWindow } from "../../agent/ports/source.ts";
import type { SpanRecord } from "../../agent/ports/telemetry.ts";
import { clipText } from "../../agent/text/clip-text.ts";
import { type Endpoint, type EndpointAnswer, jsonOf, refusalOf } from "../http/endpoint.ts";

/** What is asked of Jaeger, whichever of its two APIs answers. */

export interface JaegerSearch {
  service: string;
  operation?: string | undefined;
  /** of a span, not of the trace */
  minDurationMs?: number | undefined;
  onlyErrors?: boolean | undefined;
  window: TimeWindow;
  limit: number;
}

export interface Dependency {
  parent: string;
  child: string;
  callCount: number;
}

/** @throws from each: INVALID for a query Jaeger refuses, UPSTREAM_…, TIMEOUT */
export interface JaegerClient {
  services(): Promise<string[]>;
  operations(service: string): Promise<string[]>;
  /** the spans of all traces found, in no order */
  search(query: JaegerSearch, signal?: AbortSignal): Promise<SpanRecord[]>;
  /** null when there is no such trace */
  trace(traceId: string, signal?: AbortSignal): Promise<SpanRecord[] | null>;
  dependencies(window: TimeWindow): Promise<Dependency[]>;
}

export const SPEAKS = "the address of Jaeger's query service";

/** @throws INVALID with Jaeger's words, UPSTREAM_… */
export function bodyOf(endpoint: Endpoint, answer: EndpointAnswer): unknown {
  if (answer.status === 400)
    throw new AppError("INVALID", `${endpoint.address} says: ${clipText(answer.text.trim(), 500)}`, {
      details: { address: endpoint.address },
    });
  if (answer.status !== 200) throw refusalOf(endpoint, answer, SPEAKS);
  return jsonOf(endpoint, answer, SPEAKS);
}

export const otherShape = (endpoint: Endpoint, path: string, cause: unknown): AppError =>
  new AppError("UPSTREAM_REJECTED", `${endpoint.address}${path} answered in another shape. Is it ${SPEAKS}?`, {
    cause,
  });
