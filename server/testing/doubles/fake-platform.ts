import type { OperateAgentConfig } from "../../agent/config.ts";
import { AppError } from "../../agent/kernel/errors.ts";
import type { InstanceLogs, LogLine } from "../../agent/ports/instance-logs.ts";
import type { Platform } from "../../agent/ports/platform.ts";
import type { DirectAnswer, DirectRequest, Traffic, TrafficCounts } from "../../agent/ports/traffic.ts";
import type {
  ControlledWorkloads,
  PlatformInstance,
  PlatformService,
  ServiceRef,
} from "../../agent/ports/workloads.ts";
import { replicasOf, setReplicas } from "../../integrations/local/set-replicas.ts";

/** A platform in memory: instances become ready at once unless their version is listed in `neverReady`. */
export class FakePlatform implements Platform {
  readonly services = new Map<string, PlatformService>();
  readonly neverReady = new Set<string>();
  readonly calls: string[] = [];
  counts: TrafficCounts[] = [];
  /** 2-second buckets */
  samples: TrafficCounts[] = [];
  /** what every instance answers to `sendTo` */
  answer: (request: DirectRequest) => Pick<DirectAnswer, "status" | "body" | "problem"> = () => ({
    status: 200,
    body: "ok",
    problem: null,
  });
  logLines: LogLine[] = [];
  /** set to make every call fail as when the daemon is away */
  unreachable = false;
  #next = 1;
  /** the versions each service may run */
  readonly #versions = new Map<string, string[]>();
  /** every instance there ever was: the logs of those that are gone stay */
  readonly #made = new Set<string>();

  constructor(config: OperateAgentConfig) {
    for (const service of config.services) {
      this.#versions.set(
        service.name,
        service.local.versions.map((one) => one.version),
      );
      for (const [environment, settings] of Object.entries(service.environments)) {
        const ref = { service: service.name, environment };
        const made: PlatformService = {
          ...ref,
          url: `http://127.0.0.1:${this.services.size + 1}`, // nobody listens there
          currentVersion: null,
          weights: null,
          overloaded: null,
          instances: [],
          replicas: [],
          configured: true,
          problem: null,
        };
        this.services.set(`${service.name}/${environment}`, made);
        for (let i = 0; i < settings.instances; i++)
          made.instances.push(this.#make(ref, settings.initialVersion, `initial-${i}`));
      }
    }
  }

  #make(ref: ServiceRef, version: string, key: string): PlatformInstance {
    const number = this.#next++;
    const at = new Date().toISOString();
    this.#made.add(`ins_${number}`);
    const stuck = this.neverReady.has(version);
    return {
      ...ref,
      id: `ins_${number}`,
      version,
      key,
      pid: 1000 + number,
      port: 20_000 + number,
      state: stuck ? "starting" : "ready",
      reason: stuck ? "readiness check answered 503" : null,
      cpuPercent: 1,
      memoryBytes: 50_000_000,
      restarts: 0,
      startedAt: at,
      createdAt: at,
      inFlight: 0,
      configured: true,
    };
  }

  #find(ref: ServiceRef): PlatformService {
    if (this.unreachable) throw new AppError("UPSTREAM_UNAVAILABLE", "The local platform daemon is not running.");
    const found = this.services.get(`${ref.service}/${ref.environment}`);
    if (!found) throw notFound(`service ${ref.service} in ${ref.environment}`, [...this.services.keys()]);
    const counts = new Map<string, number>();
    for (const { version, state } of found.instances)
      if (state !== "draining" && state !== "stopping") counts.set(version, (counts.get(version) ?? 0) + 1);
    found.currentVersion = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
    found.replicas = replicasOf(found.instances);
    return found;
  }

  #assertVersions({ service }: ServiceRef, versions: readonly string[]): void {
    const known = this.#versions.get(service) ?? [];
    const unknown = versions.filter((version) => !known.includes(version));
    if (unknown.length > 0) throw notFound(`version ${unknown.join(", ")} of ${service}`, known);
  }

  #all = (): PlatformService[] => [...this.services.values()].map((service) => this.#find(service));

  #instance(id: string): PlatformInstance | undefined {
    return this.#all()
      .flatMap((service) => service.instances)
      .find((instance) => instance.id === id);
  }

  readonly workloads: ControlledWorkloads = {
    capabilities: () => ({ instanceControl: true, resources: true }),
    listServices: async () => structuredClone(this.#all()),
    getService: async (ref) => structuredClone(this.#find(ref)),
    setReplicas: (input) => setReplicas(this.workloads, input),
    instances: {
      start: async (input) => {
        const service = this.#find(input);
        const existing = service.instances.find((instance) => instance.key === input.key);
        if (existing) return structuredClone(existing);
        this.#assertVersions(input, [input.version]);
        this.calls.push(`start ${input.service}/${input.environment} ${input.version}`);
        const made = this.#make(input, input.version, input.key);
        service.instances.push(made);
        return structuredClone(made);
      },
      stop: async ({ instanceId }) => {
        const instance = this.#instance(instanceId);
        if (!instance) return { note: null };
        this.calls.push(`stop ${instance.service}/${instance.environment} ${instance.version}`);
        const service = this.#find(instance);
        service.instances = service.instances.filter((candidate) => candidate.id !== instanceId);
        return { note: null };
      },
      drain: async ({ instanceId }) => {
        const instance = this.#instance(instanceId);
        if (instance) instance.state = "draining";
        return { remaining: 0 };
      },
      undrain: async ({ instanceId }) => {
        const instance = this.#instance(instanceId);
        if (!instance) throw notFound(`instance ${instanceId}`, [...this.#made]);
        instance.state = "ready";
      },
    },
  };

  readonly traffic: Traffic = {
    capabilities: () => ({ weights: true, stickiness: false, preview: true, countedSince: false }),
    setWeights: async (input) => {
      const service = this.#find(input);
      this.#assertVersions(input, Object.keys(input.weights ?? {}));
      if (JSON.stringify(service.weights) !== JSON.stringify(input.weights))
        this.calls.push(`weights ${input.service}/${input.environment} ${JSON.stringify(input.weights)}`);
      service.weights = input.weights;
    },
    trafficSince: async (since) => {
      if (this.unreachable) throw new AppError("UPSTREAM_UNAVAILABLE", "The local platform daemon is not running.");
      return this.counts.filter((bucket) => Date.parse(bucket.bucketAt) >= since.getTime());
    },
    samplesSince: async ({ since, ...ref }) => {
      this.#find(ref);
      return this.samples.filter(
        (bucket) =>
          bucket.service === ref.service &&
          bucket.environment === ref.environment &&
          Date.parse(bucket.bucketAt) >= since.getTime(),
      );
    },
    sendTo: async (request) => {
      const ready = this.#find(request).instances.filter(
        (instance) => instance.version === request.version && instance.state === "ready",
      );
      return ready.map((instance) => ({ instanceId: instance.id, durationMs: 1, ...this.answer(request) }));
    },
  };

  readonly logs: InstanceLogs = {
    capabilities: () => ({ tail: true, follow: true }),
    tailLogs: async ({ instanceId, lines }) => {
      if (!this.#made.has(instanceId)) throw notFound(`instance ${instanceId}`, [...this.#made]);
      return this.logLines.slice(-lines);
    },
    followLogs: async ({ cursors }) => {
      const lines = this.logLines.map(({ at, text }, i) => ({ at, text, cursor: String(i + 1) }));
      const streams = this.#all()
        .flatMap((service) => service.instances)
        .map(({ id, service, environment, version }) => {
          const name = `${id}.stdout`;
          const more = lines.slice(Number(cursors[name] ?? 0));
          return { service, environment, version, instanceId: id, stream: "stdout" as const, name, lines: more };
        });
      return { streams: streams.filter((one) => one.lines.length > 0), more: false };
    },
  };
}

const notFound = (what: string, known: readonly string[]): AppError =>
  new AppError("NOT_FOUND", `No ${what}. Known: ${known.join(", ")}.`, { details: { allowed: known } });
