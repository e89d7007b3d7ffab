import type { Attributes, Origin } from "../../agent/ports/telemetry.ts";
import { storableName } from "../http/body/text.ts";

/** Who sent a group of records: the resource and the instrumentation scope they share. */
export interface Source {
  origin: Origin;
  /** what each of their records has as attributes */
  attributes: Attributes;
  /** `instance` tells one process from all others; what else a sender says may be the same of two */
  identified: boolean;
}

const MOST_ORIGIN = 200;
/** as container runtimes show an id */
const SHORT_ID = 12;

/**
 * Where it runs is worth having on a record; how the process was started and which SDK it uses is not, and would be
 * written again with each line.
 */
const KEPT = /^(?:host\.name|service\.namespace|(?:k8s|container|cloud|faas)\..+)$/;
const MOST_KEPT = 24;

/**
 * The origin, from resource attributes as the semantic conventions name them. A service without name is
 * "unknown_service", as the specification of resources says.
 */
export function sourceOf(resource: Attributes): Source {
  const said = (...names: string[]): string => {
    for (const name of names) {
      const value = Object.hasOwn(resource, name) ? resource[name] : null;
      if (typeof value === "string" && value !== "") return storableName(value, MOST_ORIGIN);
      if (typeof value === "number") return String(value);
    }
    return "";
  };
  const [id, pod, host] = [said("service.instance.id"), said("k8s.pod.name"), said("host.name")];
  const pid = said("process.pid");
  const container = said("k8s.container.name", "container.name") || said("container.id").slice(0, SHORT_ID);
  // processes of two containers may have one number
  const where = pod === "" && pid === "" ? [host] : [pod || host, container];
  const kept = Object.entries(resource).filter(([name]) => KEPT.test(name));
  return {
    origin: {
      service: said("service.name") || "unknown_service",
      environment: said("deployment.environment.name", "deployment.environment"),
      version: said("service.version"),
      instance: storableName(id || [...where, pid].filter((part) => part !== "").join(":"), MOST_ORIGIN),
    },
    // a pod or a container may hold any number of processes
    identified: id !== "" || (pid !== "" && (pod !== "" || host !== "")),
    attributes: Object.fromEntries(kept.slice(0, MOST_KEPT)),
  };
}

/** The same, with the name of the instrumentation scope (for logs: the logger) where it has one. */
export const withScope = (source: Source, scope: string): Source =>
  scope === "" ? source : { ...source, attributes: { ...source.attributes, "otel.scope.name": scope } };
