import { AppError } from "../../agent/kernel/errors.ts";
import type { LogSource } from "../../agent/ports/log-source.ts";
import type { MetricsSource } from "../../agent/ports/metrics-source.ts";
import type { TelemetrySources, Wanted } from "../../agent/ports/telemetry-sources.ts";
import type { TelemetryStore } from "../../agent/ports/telemetry-store.ts";
import type { TraceSource } from "../../agent/ports/trace-source.ts";

interface Given {
  ingest?: TelemetrySources["ingest"];
  store?: TelemetryStore;
  metrics?: MetricsSource;
  logs?: LogSource;
  traces?: TraceSource;
}

/** Sources that a test gives, one of each at most; what it does not give is refused. */
export class FakeTelemetry implements TelemetrySources {
  /** what was asked for, in order */
  readonly wanted: Wanted[] = [];
  readonly #given: Given;

  constructor(given: Given = {}) {
    this.#given = given;
  }

  get store(): TelemetryStore {
    return present(this.#given.store, "store");
  }

  readonly own = null;
  get ingest(): TelemetrySources["ingest"] {
    return present(this.#given.ingest, "figures of ingest");
  }

  /** every name is known, unless the test gives figures of what arrives */
  get names(): TelemetrySources["names"] {
    return this.#given.ingest ?? { hasName: async () => true, names: async () => [] };
  }

  metrics(wanted: Wanted = {}): MetricsSource {
    this.wanted.push(wanted);
    return present(this.#given.metrics ?? this.#given.store?.metrics, "metrics");
  }

  logs(wanted: Wanted = {}): LogSource {
    this.wanted.push(wanted);
    return present(this.#given.logs ?? this.#given.store?.logs, "logs");
  }

  traces(wanted: Wanted = {}): TraceSource {
    this.wanted.push(wanted);
    return present(this.#given.traces ?? this.#given.store?.traces, "traces");
  }
}

function present<T>(given: T | undefined, what: string): T {
  if (given !== undefined) return given;
  throw new AppError("PRECONDITION", `This test gave no ${what}.`);
}
