import { createHash } from "node:crypto";
import { storableName } from "../http/body/text.ts";

/** Reads a resource attribute as text: the first of these names that is said; "" where none is. */
export type Said = (...names: string[]) => string;

/** Which process a resource is of. */
export interface ProcessIdentity {
  /** what is said of where it runs and which process it is, as short as it can be told to a person; "" for nothing */
  instance: string;
  /** `instance` tells one process from all others; what else a sender says may be the same of two */
  identified: boolean;
}

export const MOST_ORIGIN = 200;
/** as container runtimes show an id */
const SHORT_ID = 12;
const HEX_ID = /^[0-9a-f]{64}$/i;
const RUNTIME = /^[a-z0-9.-]+:\/\//i;
/** Docker and Podman name a host so that nobody named: by the container's id */
const CONTAINER_HOST = /^[0-9a-f]{12}$/;
const NO_HOST = /^localhost(?:\.|$)/i;
/**
 * Linux gives out smaller numbers only once, early (RESERVED_PIDS): on a host they are the system's, so a service that
 * has one runs in a container that it does not name, of which many may have the same.
 */
const LEAST_HOST_PID = 300;

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);

/** A name of an origin: two that differ beyond what is kept stay two. */
export function originName(text: string): string {
  const whole = storableName(text, Number.POSITIVE_INFINITY);
  if (whole.length <= MOST_ORIGIN) return whole;
  const end = `~${digestOf(text)}`;
  return storableName(whole, MOST_ORIGIN - end.length) + end;
}

/**
 * The identity of a process from what the semantic conventions know of it: `service.instance.id`, or else its container
 * in its pod or on its host, its number and when it was created. What is too long or too odd to be read (the uid of a
 * named pod, the id of a named host, the cluster, the time of creation) stands as a short digest after `~`.
 */
export function processIdentity(said: Said): ProcessIdentity {
  const id = said("service.instance.id");
  if (id !== "") return { instance: id, identified: true };
  const pid = said("process.pid");
  const place = placeOf(said);
  const created = pid === "" ? "" : said("process.creation.time", "process.start_time");
  const further = [...place.further, created];
  const parts = [place.name, place.container, pid].filter((part) => part !== "");
  const digest = further.some((part) => part !== "") ? `~${digestOf(further.join("\0"))}` : "";
  return {
    instance: originName(parts.join(":") + digest),
    // a pod, a container or a host may hold any number of processes
    identified: /^\d+$/.test(pid) && (place.isContainer || (place.isHost && Number(pid) >= LEAST_HOST_PID)),
  };
}

interface Place {
  name: string;
  container: string;
  /** what tells it from others of that name */
  further: string[];
  /** it is one container of all, within which numbers of processes are unique */
  isContainer: boolean;
  /** it is one host of all, and no container of it is named */
  isHost: boolean;
}

function placeOf(said: Said): Place {
  const [namespace, cluster] = [said("k8s.namespace.name"), said("k8s.cluster.uid", "k8s.cluster.name")];
  const [pod, uid] = [said("k8s.pod.name"), said("k8s.pod.uid")];
  const [host, hostId] = [said("host.name"), said("host.id")];
  const containerId = shortId(said("container.id"));
  const nameIn = (name: string) => [namespace, name].filter((part) => part !== "").join("/");
  if (pod !== "" || uid !== "") {
    // A pod's container keeps its name when it starts again, not its id. Where it has no name, two of a pod may both have
    // number 1: as one series their totals would be wrong, while one that starts again only has more series.
    const container = said("k8s.container.name", "container.name") || containerId;
    const isOnePod = uid !== "" || namespace !== "";
    return {
      ...{ name: nameIn(pod || uid), container, further: [cluster, pod === "" ? "" : uid] },
      isContainer: containerId !== "" || (isOnePod && container !== ""),
      isHost: false,
    };
  }
  const isOneHost = hostId !== "" || (host !== "" && !NO_HOST.test(host));
  const container = containerId || said("k8s.container.name", "container.name");
  return {
    ...{ name: nameIn(host || hostId), container, further: [cluster, host === "" ? "" : hostId] },
    isContainer: containerId !== "" || CONTAINER_HOST.test(host) || (isOneHost && container !== ""),
    isHost: isOneHost && container === "",
  };
}

/** "containerd://0123456789abcdef…" → "0123456789ab"; what is no id of a container runtime stays whole */
function shortId(id: string): string {
  const bare = id.replace(RUNTIME, "");
  return HEX_ID.test(bare) ? bare.slice(0, SHORT_ID) : bare;
}
