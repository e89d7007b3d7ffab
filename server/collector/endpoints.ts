import { type Arrival, type Ingest, recordsOf } from "../agent/ingest/index.ts";
import type { Signal } from "../agent/ports/ingest-store.ts";
import type { Decoded, Rejection } from "../agent/ports/telemetry.ts";
import type { Sender, Written } from "../agent/ports/telemetry-store.ts";
import { decompress } from "../integrations/http/body/decompress.ts";
import { decodePush } from "../integrations/loki/push.ts";
import { otlpEncoding } from "../integrations/otlp/envelope.ts";
import { decodeLogs } from "../integrations/otlp/logs.ts";
import { decodeMetrics } from "../integrations/otlp/metrics.ts";
import { encodeResponse } from "../integrations/otlp/response.ts";
import { decodeTraces } from "../integrations/otlp/traces.ts";
import { decodeWriteRequest } from "../integrations/prometheus/remote-write.ts";
import type { DecodedWrite } from "../integrations/prometheus/remote-write-2.ts";
import type { WriteCounts } from "../integrations/prometheus/write-series.ts";
import { type Answer, JSON_TYPE, mediaType, PROTOBUF, WRITTEN_HEADERS } from "./answer.ts";

/** A request whose body has arrived. */
export interface Taken {
  sender: Sender;
  body: Buffer;
  /** the whole header, of which the media type is one that the endpoint takes */
  contentType: string;
  contentEncoding: string | undefined;
  /** after decompression, at most */
  mostBytes: number;
  receivedAtMs: number;
  gone: AbortSignal;
}

/** One protocol's way of sending one signal. */
export interface Endpoint {
  signal: Signal;
  protocol: string;
  /** media types it takes */
  accepts: readonly string[];
  take(ingest: Ingest, request: Taken): Promise<Written & Pick<Answer, "headers">>;
  succeeded(written: Written & Pick<Answer, "headers">, contentType: string): Answer;
}

/** what a compressed body usually comes to; the protobuf of Loki and Prometheus is compressed by itself */
const USUAL_RATIO = 10;

function arrivalOf<T>(request: Taken, read: (body: Uint8Array, maxBytes: number) => Decoded<T>): Arrival<T> {
  const { sender, body, contentType, contentEncoding, mostBytes, gone } = request;
  return {
    sender,
    mostBytes,
    likelyBytes: contentEncoding || mediaType(contentType) === PROTOBUF ? body.length * USUAL_RATIO : body.length,
    read: async (maxBytes) => read(await decompress(body, contentEncoding, maxBytes), maxBytes),
    gone,
  };
}

const otlpType = (contentType: string): string => (mediaType(contentType) === JSON_TYPE ? JSON_TYPE : PROTOBUF);

const otlp = (signal: Signal, take: Endpoint["take"]): Endpoint => ({
  signal,
  protocol: "otlp",
  accepts: [PROTOBUF, "application/protobuf", JSON_TYPE],
  take,
  succeeded: ({ rejected }, contentType) => ({
    status: 200,
    contentType: otlpType(contentType),
    body: encodeResponse(signal, otlpEncoding(contentType), rejected),
  }),
});

/** Protocols that know no partial success: a request is refused when nothing of it could be taken. */
const plain = (signal: Signal, protocol: string, accepts: readonly string[], take: Endpoint["take"]): Endpoint => ({
  signal,
  protocol,
  accepts,
  take,
  succeeded: ({ accepted, rejected, headers }) =>
    accepted === 0 && rejected.length > 0
      ? { status: 400, contentType: "text/plain", body: `${rejected.map(describe).join("\n")}\n` }
      : { status: 204, contentType: "text/plain", body: "", ...(headers && { headers }) },
});

/** A sender of remote write 2.0 takes an answer without them for one of a receiver that only knows 1.0. */
function writtenHeaders({ rejected }: Written, decoded: DecodedWrite, { samples, histograms }: WriteCounts) {
  const left = countOf(rejected) - countOf(decoded.rejected); // by the store, of what could be read
  return {
    [WRITTEN_HEADERS[0]]: String(Math.max(0, samples - left)),
    [WRITTEN_HEADERS[1]]: String(histograms),
    [WRITTEN_HEADERS[2]]: "0",
  };
}

const countOf = (rejected: readonly Rejection[]): number => rejected.reduce((sum, { count }) => sum + count, 0);

const describe = ({ count, reason }: Rejection): string => `${count} × ${reason}`;

/** What the collector takes, by path. */
export const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  "/v1/logs": otlp("logs", (ingest, request) => {
    const { contentType, receivedAtMs } = request;
    const options = { encoding: otlpEncoding(contentType), receivedAtMs };
    return ingest.logs(arrivalOf(request, (body) => decodeLogs(body, options)));
  }),
  "/v1/metrics": otlp("metrics", (ingest, request) => {
    const options = { encoding: otlpEncoding(request.contentType) };
    return ingest.metrics(arrivalOf(request, (body) => decodeMetrics(body, options)));
  }),
  "/v1/traces": otlp("traces", (ingest, request) => {
    const options = { encoding: otlpEncoding(request.contentType) };
    return ingest.traces(arrivalOf(request, (body) => decodeTraces(body, options)));
  }),
  "/loki/api/v1/push": plain("logs", "loki", [JSON_TYPE, PROTOBUF], (ingest, request) => {
    const { contentType } = request;
    return ingest.logs(
      arrivalOf(request, (body, maxBytes) => {
        const { records, rejected } = decodePush(body, { contentType, maxBytes });
        return { records: recordsOf(records), rejected };
      }),
    );
  }),
  "/api/v1/write": plain("metrics", "remote-write", [PROTOBUF], async (ingest, request) => {
    const { contentType } = request;
    let decoded: DecodedWrite | undefined;
    const written = await ingest.metrics(
      arrivalOf(request, (body, maxBytes) => {
        decoded = decodeWriteRequest(body, { contentType, maxBytes });
        return decoded;
      }),
    );
    return decoded?.kept ? { ...written, headers: writtenHeaders(written, decoded, decoded.kept) } : written;
  }),
};
