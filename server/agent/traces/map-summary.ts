import { visibleText } from "../kernel/visible-text.ts";
import type { ServiceGraph } from "./service-graph.ts";
import { counted, inPercent } from "./words.ts";

/** fewer failures than this are not worth naming a service for, or a smaller share */
const LEAST_ERRORS = 3;
const LEAST_ERROR_PERCENT = 1;

const LONGEST_NAME = 120;

type Node = ServiceGraph["nodes"][number];
/** Names are whatever a sender makes them. */
const nameOf = ({ label }: Node): string => visibleText(label, LONGEST_NAME);
const failures = ({ errorPercent, requests }: Pick<Node, "errorPercent" | "requests">): number =>
  Math.round(((errorPercent ?? 0) / 100) * requests);
const failing = (part: Pick<Node, "errorPercent" | "requests">): boolean =>
  failures(part) >= LEAST_ERRORS && (part.errorPercent ?? 0) >= LEAST_ERROR_PERCENT;

/**
 * The worst by name, what fails between whom, and how much there is; `window` as in "the last 15 min". `callsKnown` is
 * false where the source does not say who calls whom.
 */
export function summariseMap({ nodes, edges, hidden }: ServiceGraph, window: string, callsKnown = true): string {
  if (nodes.length === 0) return `No service is configured, and no trace has arrived in ${window}.`;
  const seen = edges.filter((edge) => edge.seen);
  const services = nodes.filter(({ kind }) => kind === "service").length + hidden.nodes;
  const external = nodes.filter(({ kind }) => kind === "external").length;
  const size = `${counted(services, "service")}${external > 0 ? ` and ${external} outside` : ""}`;
  const promised = edges.length > 0 ? ": the map shows what the configuration says" : "";
  const calls =
    seen.length > 0
      ? `${counted(seen.length, "connection")} seen in ${window}`
      : callsKnown
        ? `no calls between services seen in ${window}${promised}`
        : `the source of traces does not say who calls whom${promised}`;
  return [...troubles(nodes, seen), `${size}, ${calls}.`].join(" ");
}

function troubles(nodes: readonly Node[], seen: ServiceGraph["edges"]): string[] {
  const inState = (state: string) => nodes.filter(({ health }) => health === state).map(nameOf);
  const down = inState("down");
  const degraded = inState("degraded");
  const sentences: string[] = [];
  if (down.length > 0) sentences.push(`Down: ${listed(down)}.`);
  if (degraded.length > 0) sentences.push(`Degraded: ${listed(degraded)}.`);
  const worst = nodes.filter(failing).sort(mostFailuresFirst)[0];
  if (worst) {
    const origin = follow(worst, nodes, seen, "to");
    const top = follow(origin, nodes, seen, "from");
    const felt = top === origin ? "" : `, felt by ${nameOf(top)}`;
    sentences.push(`${nameOf(origin)} fails most: ${rate(origin)}${felt}.`);
  }
  return sentences.length > 0 ? sentences : ["Nothing is known to fail."];
}

const mostFailuresFirst = (a: Pick<Node, "errorPercent" | "requests">, b: typeof a): number =>
  failures(b) - failures(a);

/**
 * Along failing calls to the last callee, or back to the first caller, as long as the callee's failures are at least
 * half of the caller's and so may explain them.
 */
function follow(start: Node, nodes: readonly Node[], seen: ServiceGraph["edges"], end: "from" | "to"): Node {
  const begin = end === "to" ? "from" : "to";
  const visited = new Set([start.id]);
  let here = start;
  for (;;) {
    const [next] = seen
      .filter((edge) => edge[begin] === here.id && !visited.has(edge[end]) && failing(edge))
      .sort(mostFailuresFirst)
      .flatMap((edge) => nodes.find((node) => node.id === edge[end] && failing(node)) ?? [])
      .filter((node) => {
        const [caller, callee] = end === "to" ? [here, node] : [node, here];
        return failures(callee) >= failures(caller) / 2;
      });
    if (!next) return here;
    visited.add(next.id);
    here = next;
  }
}

const rate = (part: Pick<Node, "errorPercent" | "requests">): string =>
  `${failures(part).toLocaleString("en-US")} of ${counted(part.requests, "request")} (${inPercent(part.errorPercent ?? 0, 100)})`;

const listed = (names: readonly string[]): string =>
  names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
