import type { Attributes, Origin } from "../../agent/ports/telemetry.ts";
import { LabelCollector } from "../http/body/labels.ts";
import { originName, processIdentity } from "./process-identity.ts";
import { labelName, labelValue } from "./prometheus-names.ts";

/** Who sent a group of records: the resource and the instrumentation scope they share. */
export interface Source {
  origin: Origin;
  /** what each of their records has as attributes */
  attributes: Attributes;
  /** `service.namespace`, within which a service's name and the id of its instance are unique; "" where it is not said */
  namespace: string;
  /** as ProcessIdentity.identified */
  identified: boolean;
  /** labels of the scope, as Prometheus names them; absent where it has no name */
  scope?: Readonly<Record<string, string>>;
}

/** Who wrote the instrumentation: its name, version and attributes tell its instruments from others of the same names. */
export interface Scope {
  name: string;
  version: string;
  attributes: Attributes;
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

/** The same, with the instrumentation scope (for logs: the logger) where it has a name. */
export function withScope(source: Source, { name, version, attributes }: Scope): Source {
  const further = Object.entries(attributes).slice(0, MOST_SCOPE_LABELS);
  const scope = new LabelCollector();
  scope.add("otel_scope_name", originName(name));
  scope.add("otel_scope_version", originName(version));
  for (const [key, value] of further) scope.add(`otel_scope_${labelName(key)}`, originName(labelValue(value)));
  const told = name === "" ? source.attributes : { ...source.attributes, "otel.scope.name": name };
  const isNamed = Object.keys(scope.labels).length > 0;
  return { ...source, attributes: told, ...(isNamed && { scope: scope.labels }) };
}
const MOST_SCOPE_LABELS = 8;
