import { setTimeout as delay } from "node:timers/promises";
import type { IngestStore } from "../ports/ingest-store.ts";
import type { FollowedStream, LogFollower } from "../ports/instance-logs.ts";
import { type LogRecord, type RawLine, severityOfLevel } from "../ports/telemetry.ts";
import { createEventJoiner, type EventJoiner, type JoinedEvent } from "./event-joiner.ts";
import type { Ingest } from "./ingest.ts";
import { recordOf } from "./raw-lines.ts";

interface Options {
  follower: LogFollower;
  store: Pick<IngestStore, "streamPositions">;
  ingest: Pick<Ingest, "readLogs">;
  /** services whose lines are kept elsewhere */
  skipped: ReadonlySet<string>;
  /** ms since 1970 */
  now: () => number;
  report: (message: string, error: unknown) => void;
  everyMs?: number;
}

/** less than the half second after which a stream counts as quiet, so that a trace is not torn between two rounds */
const EVERY_MS = 400;
const AFTER_FAILURE_MS = 2_000;
/** a platform that starts with the collector is not there at once */
const REPORTED_AFTER = 5;
const MOST_BYTES = 2 * 2 ** 20;

/** `atMs` is when it was read, by which lines are joined; `at` when it was written. */
interface ReadLine {
  atMs: number;
  text: string;
  at: string;
  cursor: string;
}

interface Stream {
  of: Omit<FollowedStream, "lines">;
  joiner: EventJoiner<ReadLine>;
  /** where the store says it stands */
  written: string | null;
}

/**
 * Follows what instances write to stdout and stderr until `signal` aborts. Lines and how far they were read are
 * written in one transaction: after a crash, reading goes on behind the last line that is kept, so none is lost and
 * none kept twice.
 */
export async function followLogs(options: Options, signal: AbortSignal): Promise<void> {
  let failures = 0;
  const onRound = () => {
    failures = 0;
  };
  while (!signal.aborted) {
    try {
      const written = await options.store.streamPositions();
      await keepReading(options, written, onRound, signal);
    } catch (error) {
      // from the start with what the store says: what was read and not written is read again
      if (++failures === REPORTED_AFTER)
        options.report("what instances write cannot be followed; tried again every two seconds", error);
      await pause(AFTER_FAILURE_MS, signal);
    }
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined); // aborted: the loop's condition sees it

async function keepReading(
  options: Options,
  written: Map<string, string>,
  onRound: () => void,
  signal: AbortSignal,
): Promise<void> {
  const streams = new Map<string, Stream>();
  /** further than `written` where lines are still being joined */
  const cursors = Object.fromEntries(written);
  while (!signal.aborted) {
    const answer = await options.follower.followLogs({ cursors, maxBytes: MOST_BYTES });
    const readMs = options.now();
    const found: Found[] = [];
    for (const { lines, ...of } of answer.streams) {
      cursors[of.name] = lines.at(-1)?.cursor ?? "";
      if (options.skipped.has(of.service)) continue;
      const stream = streams.get(of.name) ?? { of, joiner: createEventJoiner(), written: written.get(of.name) ?? null };
      streams.set(of.name, stream);
      found.push(...eventsOf(stream, lines, readMs));
    }
    for (const stream of streams.values())
      found.push(...stream.joiner.flush(readMs).map((event) => ({ stream, event })));
    for (const [service, events] of Map.groupBy(found, ({ stream }) => stream.of.service))
      await write(options.ingest, service, events);
    onRound();
    if (!answer.more) await pause(options.everyMs ?? EVERY_MS, signal);
  }
}

const eventsOf = (stream: Stream, lines: FollowedStream["lines"], readMs: number): Found[] =>
  lines.flatMap((line) => stream.joiner.push({ ...line, atMs: readMs }).map((event) => ({ stream, event })));

interface Found {
  stream: Stream;
  event: JoinedEvent<ReadLine>;
}

async function write(ingest: Options["ingest"], service: string, found: readonly Found[]): Promise<void> {
  const records = found.flatMap(({ stream, event }) => recordOfEvent(stream, event) ?? []);
  const moved = new Map(found.map(({ stream, event }) => [stream, event.lines.at(-1)?.cursor ?? ""]));
  const positions = [...moved].map(([{ of, written }, to]) => ({ stream: of.name, from: written, to }));
  await ingest.readLogs(records, { protocol: "instance", name: service }, positions);
  for (const [stream, to] of moved) stream.written = to;
}

function recordOfEvent({ of }: Stream, { text, lines: [first] }: JoinedEvent<ReadLine>): LogRecord | null {
  if (!first) return null;
  const { service, environment, version, instanceId: instance, stream } = of;
  const line: RawLine = {
    ...{ service, environment, version, instance, text, atMs: Date.parse(first.at) },
    ...{ severity: 0, attributes: { "log.iostream": stream }, traceId: null, spanId: null },
  };
  const record = recordOf(text, line, "written");
  // as the judge of deployments has it: what goes to stderr and names no level is an error
  if (record?.severity === 0 && stream === "stderr") record.severity = severityOfLevel("error");
  return record;
}
