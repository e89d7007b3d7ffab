import { FAILING_PERCENT, failedOf, isFailing, isTooFew } from "../telemetry/failed-share.ts";
import { groupedCount } from "../text/numbers.ts";
import { visibleText } from "../text/visible-line.ts";
import { counted, inPercent } from "./sentence-numbers.ts";
import type { ServiceGraph } from "./service-graph.ts";

const LONGEST_NAME = 120;

type Node = ServiceGraph["nodes"][number];
/** Names are whatever a sender makes them. */
const nameOf = ({ label }: Node): string => visibleText(label, LONGEST_NAME);
type Edge = ServiceGraph["edges"][number];

/** A sentence; its first one says where it is so: " in production". */
type Sentence = (where: string) => string;

interface MapScope {
  /** as in "the last 15 min" */
  window: string;
  /** undefined: all of them together */
  environment?: string | undefined;
  /** false where the source does not say who calls whom */
  callsKnown?: boolean;
}

/** The worst by name, what fails between whom, and how much there is, in which environment. */
export function summariseMap(
  { nodes, edges, hidden }: ServiceGraph,
  { window, environment, callsKnown = true }: MapScope,
): string {
  const where = environment === undefined ? "" : ` in ${visibleText(environment, LONGEST_NAME)}`;
  const everywhere = environment === undefined ? " in all environments" : "";
  if (nodes.length === 0) return `No service is configured${where}, and no trace has arrived in ${window}.`;
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
  const told = troubles(nodes, seen).map((sentence, i) => sentence(i === 0 ? where : ""));
  return [...told, `${size}${everywhere}, ${calls}.`].join(" ");
}

function troubles(nodes: readonly Node[], seen: ServiceGraph["edges"]): Sentence[] {
  const ill = nodes.filter(({ health }) => HURT.some(([state]) => state === health));
  const sentences = [
    ...inStates(ill.filter((node) => !node.causedBy)),
    ...inStates(ill.filter((node) => node.causedBy)),
  ];
  const failing = whatFails(nodes, seen);
  if (failing) sentences.push(failing);
  return sentences.length > 0 ? sentences : [(where) => `Nothing is known to fail${where}.`];
}

const HURT = [
  ["down", "Down"],
  ["failing", "Failing"],
  ["degraded", "Degraded"],
] as const;

/** A sentence for each state, the worst first; of consequences with their causes. */
const inStates = (nodes: readonly Node[]): Sentence[] =>
  HURT.flatMap(([state, word]) => {
    const found = nodes.filter(({ health }) => health === state);
    const causes = [...new Set(found.flatMap(({ causedBy }) => causedBy ?? []))];
    const because = causes.length > 0 ? ` (because of ${listed(causes)})` : "";
    return found.length > 0 ? [(where) => `${word}${where}: ${listed(found.map(nameOf))}${because}.`] : [];
  });

/** A notable share first, of however few requests; what fails otherwise is said with its share. Null: nothing does. */
function whatFails(nodes: readonly Node[], seen: ServiceGraph["edges"]): Sentence | null {
  const worst = nodes.filter(isFailing).sort(worstShareFirst)[0];
  if (worst) {
    const origin = follow(worst, nodes, seen, "to");
    const top = follow(origin, nodes, seen, "from");
    const felt = top === origin ? "" : `, felt by ${nameOf(top)}`;
    return isTooFew(origin)
      ? (where) => `${nameOf(origin)}${where}: ${few(origin)}${felt}.`
      : (where) => `${nameOf(origin)} fails most${where}: ${rate(origin)}${felt}.`;
  }
  const call = seen.filter(isFailing).sort(worstShareFirst)[0];
  if (call)
    return (where) => `Calls ${callName(call, nodes)} fail${where}: ${isTooFew(call) ? few(call) : rate(call)}.`;
  const most = nodes.filter((node) => failedOf(node) > 0).sort(worstShareFirst)[0];
  return most
    ? (where) => `Less than ${FAILING_PERCENT} % fails anywhere${where}, most of ${nameOf(most)}: ${rate(most)}.`
    : null;
}

function callName({ from, to }: Edge, nodes: readonly Node[]): string {
  const named = (id: string) => visibleText(nodes.find((node) => node.id === id)?.label ?? id, LONGEST_NAME);
  return `from ${named(from)} to ${named(to)}`;
}

const worstShareFirst = (a: Pick<Node, "errorPercent" | "requests">, b: typeof a): number =>
  Number(isTooFew(a)) - Number(isTooFew(b)) || failedOf(b) - failedOf(a);

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
      .filter((edge) => edge[begin] === here.id && !visited.has(edge[end]) && isFailing(edge))
      .sort(worstShareFirst)
      .flatMap((edge) => nodes.find((node) => node.id === edge[end] && isFailing(node)) ?? [])
      .filter((node) => {
        const [caller, callee] = end === "to" ? [here, node] : [node, here];
        return failedOf(callee) >= failedOf(caller) / 2;
      });
    if (!next) return here;
    visited.add(next.id);
    here = next;
  }
}

const rate = (part: Pick<Node, "errorPercent" | "requests">): string =>
  `${groupedCount(failedOf(part))} of ${counted(part.requests, "request")} (${inPercent(part.errorPercent ?? 0, 100)})`;

/** Where a share would say more than is known. */
const few = (part: Pick<Node, "errorPercent" | "requests">): string =>
  `${failedOf(part)} of ${counted(part.requests, "request")} failed, too few to judge`;

const listed = (names: readonly string[]): string =>
  names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
