import type { Attributes, Origin } from "../../agent/ports/telemetry.ts";
import { originName, processIdentity } from "./process-identity.ts";

/** Who sent a group of records: the resource and the instrumentation scope they share. */
export interface Source {
  origin: Origin;
  /** what each of their records has as attributes */
  attributes: Attributes;
  /** `service.namespace`, within which a service's name and the id of its instance are unique; "" where it is not said */
  namespace: string;
  /** as ProcessIdentity.identified */
  identified: boolean;
}

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
      if (typeof value === "string" && value !== "") return originName(value);
      if (typeof value === "number") return String(value);
    }
    return "";
  };
  const { instance, identified } = processIdentity(said);
  const kept = Object.entries(resource).filter(([name]) => KEPT.test(name));
  return {
    origin: {
      service: said("service.name") || "unknown_service",
      environment: said("deployment.environment.name", "deployment.environment"),
      version: said("service.version"),
      instance,
    },
    namespace: said("service.namespace"),
    identified,
    attributes: Object.fromEntries(kept.slice(0, MOST_KEPT)),
  };
}

/** The same, with the name of the instrumentation scope (for logs: the logger) where it has one. */
export const withScope = (source: Source, scope: string): Source =>
  scope === "" ? source : { ...source, attributes: { ...source.attributes, "otel.scope.name": scope } };
