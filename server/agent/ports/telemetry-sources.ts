import type { ScrapeTarget } from "../telemetry/config.ts";
import type { IngestFigures } from "./ingest-store.ts";
import type { LogSource } from "./log-source.ts";
import type { MetricsSource } from "./metrics-source.ts";
import type { TelemetryStore } from "./telemetry-store.ts";
import type { TraceSource } from "./trace-source.ts";

/** built-in: what Operate stores itself · external: the endpoint the configuration names for the signal */
export type Home = "built-in" | "external";

/** What to read from: a service's own home, or the one asked for. */
export interface Wanted {
  service?: string | undefined;
  /** @throws PRECONDITION from the chooser when no external source is configured */
  home?: Home | undefined;
}

/** Chooses the source of each signal. Without a service: the external one where it is configured, else the built-in. */
export interface TelemetrySources {
  store: TelemetryStore;
  /** Operate's own figures, scraped beside the configured targets; what is told of its service is built in */
  own: ScrapeTarget | null;
  logs(wanted?: Wanted): LogSource;
  metrics(wanted?: Wanted): MetricsSource;
  traces(wanted?: Wanted): TraceSource;
  /** of whom the built-in store tells */
  names: Pick<IngestFigures, "hasName" | "names">;
  /** of what arrives in the built-in store */
  ingest: IngestFigures & {
    /** whether the collector of this machine takes telemetry now */
    collecting(): Promise<boolean>;
    /** why senders are refused before the collector, now; null when they are not */
    refusal(): string | null;
  };
}
