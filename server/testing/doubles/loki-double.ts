import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { LogRecord } from "#server/agent/ports/telemetry.ts";
import type { RunningServer } from "../monitoring-servers.ts";

/**
 * Loki as its API is published (docs/sources/reference/loki-http-api.md), on given lines: stream selectors, line
 * filters, json, logfmt, drop and label filters, count_over_time; lines of equal time in an order of its own, at most
 * 5,000 a request. It refuses what it does not know with 400, as Loki does.
 */

interface Entry {
  ns: bigint;
  line: string;
  labels: Record<string, string>;
}

export interface LokiDouble extends RunningServer {
  /** paths asked for, in order */
  asked: string[];
}

const STREAM_LABELS = ["service_name", "environment", "instance", "version"];
const MOST_LINES = 5_000;

export async function startLokiDouble(records: readonly LogRecord[]): Promise<LokiDouble> {
  const entries = records.map(entryOf);
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://loki");
    let body = "";
    for await (const chunk of request) body += chunk;
    const params = request.method === "POST" ? new URLSearchParams(body) : url.searchParams;
    asked.push(`${request.method} ${url.pathname}`);
    try {
      const data = url.pathname === "/loki/api/v1/labels" ? STREAM_LABELS : queryRange(entries, params);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ status: "success", data }));
    } catch (error) {
      response.writeHead(400).end(`parse error : ${(error as Error).message}`);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function entryOf(record: LogRecord): Entry {
  const words = ["trace", "debug", "info", "warn", "error", "fatal"];
  const level = record.severity > 0 ? (words[Math.floor((record.severity - 1) / 4)] ?? "unknown") : "unknown";
  const structured = Object.keys(record.attributes).length > 0;
  return {
    ns: BigInt(Math.round(record.atMs * 1_000)) * 1_000n,
    line: structured ? JSON.stringify({ message: record.body, ...record.attributes }) : record.body,
    labels: {
      ...{ service_name: record.service, environment: record.environment, instance: record.instance },
      ...{ version: record.version, detected_level: level },
      ...(record.traceId && { trace_id: record.traceId }),
      ...(record.spanId && { span_id: record.spanId }),
    },
  };
}

function queryRange(entries: readonly Entry[], params: URLSearchParams): unknown {
  const [start, end] = [BigInt(params.get("start") ?? "0"), BigInt(params.get("end") ?? "0")];
  const query = params.get("query") ?? "";
  const counted = /^sum by \(([^)]*)\) \(count_over_time\((.*) \[(\d+)s\]\)\)$/s.exec(query);
  if (counted) return matrix(entries, counted, start, end);
  const limit = Number(params.get("limit") ?? 100);
  if (limit > MOST_LINES) throw new Error(`max entries limit per query exceeded, limit > max_entries_limit (${limit})`);
  const passes = pipeline(query);
  const forward = params.get("direction") === "forward";
  const found = entries.filter((one) => one.ns >= start && one.ns < end && passes(one));
  // equal times come in another order in each direction, as Loki promises none
  found.sort((a, b) => (a.ns === b.ns ? (a.line < b.line ? 1 : -1) : a.ns < b.ns === forward ? -1 : 1));
  const streams = new Map<string, { stream: Record<string, string>; values: [string, string][] }>();
  for (const { labels, ns, line } of found.slice(0, limit)) {
    const key = JSON.stringify(labels);
    const stream = streams.get(key) ?? { stream: labels, values: [] };
    stream.values.push([String(ns), line]);
    streams.set(key, stream);
  }
  return { resultType: "streams", result: [...streams.values()] };
}

function matrix(
  entries: readonly Entry[],
  [, by = "", logql = "", step = "1"]: RegExpExecArray,
  start: bigint,
  end: bigint,
) {
  const passes = pipeline(logql);
  const stepNs = BigInt(step) * 1_000_000_000n;
  const series = new Map<string, { metric: Record<string, string>; values: [number, string][] }>();
  for (let at = start; at <= end; at += stepNs) {
    const counts = new Map<string, number>();
    for (const one of entries) {
      if (one.ns <= at - stepNs || one.ns > at || !passes(one)) continue;
      const kept = by.split(", ").flatMap((label) => (one.labels[label] ? [[label, one.labels[label]]] : []));
      const key = JSON.stringify(Object.fromEntries(kept));
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const [key, count] of counts) {
      const line = series.get(key) ?? { metric: JSON.parse(key) as Record<string, string>, values: [] };
      line.values.push([Number(at / 1_000_000n) / 1_000, String(count)]);
      series.set(key, line);
    }
  }
  return { resultType: "matrix", result: [...series.values()] };
}

type Passes = (entry: Entry) => boolean;

const STRING = /"(?:[^"\\]|\\.)*"/y;
const TEST = /([a-zA-Z_]\w*)(=~|!~|!=|=)/y;

/** Reads a log query from left to right. */
function pipeline(query: string): Passes {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(query);
    if (found) at = pattern.lastIndex;
    return found;
  };
  const need = (pattern: RegExp): RegExpExecArray => {
    const found = take(pattern);
    if (found) return found;
    throw new Error(`syntax error at ${at}: ${query.slice(at, at + 20)}`);
  };
  const text = (): string => JSON.parse(need(STRING)[0]) as string;
  const labelTest = (): ((fields: Record<string, string>) => boolean) => {
    const [, name = "", op = ""] = need(TEST);
    return tester(op, text(), (fields) => fields[name] ?? "");
  };
  const extraction = (): { name: string; path: string }[] => {
    const wanted: { name: string; path: string }[] = [];
    do wanted.push({ name: need(/([a-zA-Z_]\w*)=/y)[1] ?? "", path: text() });
    while (take(/, /y));
    return wanted;
  };

  need(/\{/y);
  const matchers = [labelTest()];
  while (take(/,/y)) matchers.push(labelTest());
  need(/\}/y);
  const stages: ((fields: Record<string, string>, line: string) => boolean)[] = [];
  while (at < query.length) {
    need(/ /y);
    const op = take(/\|~|!~|\|=|!=/y)?.[0];
    if (op) {
      need(/ /y);
      const matches = tester(op.replace("|", "="), text(), (fields) => fields.line ?? "", false);
      stages.push((_, line) => matches({ line }));
      continue;
    }
    need(/\| /y);
    if (take(/drop __error__, __error_details__/y)) continue;
    const parser = take(/(json|logfmt) (?=[a-zA-Z_]\w*=")/y)?.[1];
    if (parser) {
      const wanted = extraction();
      const read = parser === "json" ? fromJson : fromLogfmt;
      stages.push((fields, line) => {
        for (const { name, path } of wanted) fields[name] = read(line, path);
        return true;
      });
      continue;
    }
    const tests = [labelTest()];
    const word = take(/ (and|or) /y)?.[1];
    if (word)
      do tests.push(labelTest());
      while (take(new RegExp(` ${word} `, "y")));
    stages.push((fields) =>
      word === "and" ? tests.every((test) => test(fields)) : tests.some((test) => test(fields)),
    );
  }
  return ({ labels, line }) => {
    const fields = { ...labels };
    return matchers.every((test) => test(labels)) && stages.every((stage) => stage(fields, line));
  };
}

function tester(op: string, value: string, read: (fields: Record<string, string>) => string, anchored = true) {
  if (op === "=" || op === "==") return (fields: Record<string, string>) => read(fields) === value;
  if (op === "!=") return (fields: Record<string, string>) => read(fields) !== value;
  const insensitive = value.startsWith("(?i)");
  const source = insensitive ? value.slice(4) : value;
  const pattern = new RegExp(anchored ? `^(?:${source})$` : source, insensitive ? "is" : "s");
  return (fields: Record<string, string>) => pattern.test(read(fields)) === (op === "=~");
}

/** `a.b`, `["a.b"]` and both after one another. */
function fromJson(line: string, path: string): string {
  try {
    const steps = [...path.matchAll(/\.?([a-zA-Z_]\w*)|\[("(?:[^"\\]|\\.)*")\]/g)];
    let value = JSON.parse(line) as unknown;
    for (const [, word, key] of steps)
      value = (value as Record<string, unknown> | undefined)?.[word ?? (JSON.parse(key ?? '""') as string)];
    return value === undefined || value === null
      ? ""
      : typeof value === "object"
        ? JSON.stringify(value)
        : String(value);
  } catch {
    return "";
  }
}

const fromLogfmt = (line: string, key: string): string =>
  new RegExp(`(?:^|\\s)${key}=(?:"([^"]*)"|(\\S*))`).exec(line)?.slice(1).find(Boolean) ?? "";
