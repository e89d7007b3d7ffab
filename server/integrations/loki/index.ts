import { AppError } from "../../agent/kernel/errors.ts";
import type { LogSource } from "../../agent/ports/log-source.ts";
import type { Answer } from "../../agent/ports/source.ts";
import { quoted } from "../../agent/telemetry/query-text.ts";
import { createEndpoint, type EndpointOptions } from "../http/endpoint.ts";
import { createKept } from "../http/kept.ts";
import { createLokiClient, type LokiLine } from "./client.ts";
import { chooseLabels, type LabelNames, LEVEL_LABELS } from "./label-names.ts";
import { countsOf, type LabelsOf, logqlOf, originsOf } from "./logql.ts";
import { countsFrom, idOf, lineOf, nsOfId, originsFrom } from "./mapper.ts";
import { readPage } from "./pages.ts";

export interface LokiOptions extends EndpointOptions {
  labelsOf?: LabelsOf;
  now?: () => Date;
}

const NS_PER_MS = 1_000_000n;
/** labels come and go with new senders */
const LABELS_FOR_MS = 5 * 60_000;
const LABELS_SINCE_MS = 24 * 3_600_000;
/** how far around a line its neighbours are looked for */
const AROUND_NS = 6n * 3_600_000n * NS_PER_MS;
/** Loki refuses more points a series than this */
const MOST_POINTS = 11_000;

/** A LogSource on Loki (2.9 and later). Lines there are not mined, so the caller streams them where it needs patterns. */
export function createLokiSource(options: LokiOptions): LogSource {
  const { labelsOf = () => ({}), now = () => new Date() } = options;
  const endpoint = createEndpoint(options);
  const client = createLokiClient(endpoint);
  const info = { kind: "loki" as const, address: endpoint.address };
  const answer = <T>(data: T): Answer<T> => ({ data, source: info, asOf: now().toISOString(), stale: false });
  const askLabels = async (): Promise<LabelNames> =>
    chooseLabels(await client.labels(new Date(now().getTime() - LABELS_SINCE_MS)));
  const labelNames = createKept(askLabels, LABELS_FOR_MS, now);

  return {
    info,
    patternCounts: null,
    async lines({ window, filter, order, limit, cursor }, signal) {
      const names = await labelNames();
      const logql = logqlOf(filter, names, labelsOf);
      const query = {
        ...{ logql, limit, cursor, forward: order === "oldest-first" },
        fromNs: BigInt(window.from.getTime()) * NS_PER_MS,
        toNs: BigInt(window.to.getTime()) * NS_PER_MS,
      };
      const { lines, next } = await readPage(client, query, signal);
      return answer({ lines: lines.map((line) => lineOf(line, names)), nextCursor: next });
    },
    async counts({ window, filter, stepSeconds }, signal) {
      const startMs = window.from.getTime();
      const steps = Math.ceil((window.to.getTime() - startMs) / (stepSeconds * 1_000));
      if (steps > MOST_POINTS)
        throw new AppError("INVALID", `${steps} steps are more than ${MOST_POINTS}. Choose a longer step.`);
      const logql = countsOf(logqlOf(filter, await labelNames(), labelsOf), stepSeconds);
      const [first, last] = [startMs + stepSeconds * 1_000, startMs + steps * stepSeconds * 1_000];
      const matrix = await client.matrix({ logql, startMs: first, endMs: last, stepSeconds }, signal);
      return answer(countsFrom(matrix, stepSeconds));
    },
    async origins({ window }, signal) {
      const names = await labelNames();
      const endMs = window.to.getTime();
      const seconds = Math.ceil((endMs - window.from.getTime()) / 1_000);
      const logql = originsOf(logqlOf({ terms: [] }, names, labelsOf), names, seconds);
      const matrix = await client.matrix({ logql, startMs: endMs, endMs, stepSeconds: seconds }, signal);
      return answer(originsFrom(matrix, names));
    },
    async around({ lineId, before, after }) {
      const names = await labelNames();
      const line = await findLine(lineId, names);
      const logql = sameInstance(line, names);
      const read = (fromNs: bigint, toNs: bigint, limit: number, forward: boolean) =>
        limit > 0
          ? readPage(client, { logql, fromNs, toNs, limit, forward, cursor: undefined })
          : Promise.resolve({ lines: [] });
      const [earlier, later] = await Promise.all([
        read(line.ns - AROUND_NS, line.ns, before, false),
        read(line.ns + 1n, line.ns + AROUND_NS, after, true),
      ]);
      const lines = [...earlier.lines.reverse(), line, ...later.lines];
      return answer(lines.map((one) => lineOf(one, names)));
    },
  };

  /** An id holds no labels, as those can be long: all lines of its instant are read and compared. */
  async function findLine(lineId: string, names: LabelNames): Promise<LokiLine> {
    const ns = nsOfId(lineId);
    const query = { logql: `{${names.service}=~".+"}`, fromNs: ns ?? 0n, toNs: (ns ?? 0n) + 1n };
    const found = ns === null ? [] : await client.lines({ ...query, limit: 5_000, forward: true });
    const line = found.find((one) => idOf(one) === lineId);
    if (line) return line;
    throw new AppError("NOT_FOUND", "Loki has no such line (any more). Search again and take the id from there.");
  }
}

/** The stream of a line without its level, so that an instance's other levels are among the neighbours. */
function sameInstance({ labels }: LokiLine, names: LabelNames): string {
  const levels: readonly string[] = LEVEL_LABELS;
  const own = Object.entries(labels).filter(([name]) => names.stream.has(name) && !levels.includes(name));
  return `{${own.map(([name, value]) => `${name}=${quoted(value)}`).join(",")}}`;
}
