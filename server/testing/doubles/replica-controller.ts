import type { OperateAgentConfig } from "../../agent/config.ts";
import { unknownName } from "../../agent/kernel/allowed-names.ts";
import { AppError } from "../../agent/kernel/errors.ts";
import type { InstanceLogs } from "../../agent/ports/instance-logs.ts";
import type { Platform } from "../../agent/ports/platform.ts";
import type { Traffic } from "../../agent/ports/traffic.ts";
import type { InstanceState, PlatformInstance, ServiceRef, Workloads } from "../../agent/ports/workloads.ts";

/** looks until a new number is observed, until an instance becomes ready, and until one that stops is gone */
const LAG = 2;

interface Workload extends ServiceRef {
  versions: string[];
  weights: Record<string, number> | null;
  /** what was asked for last */
  wanted: Map<string, number>;
  /** what the controller works towards */
  observed: Map<string, number>;
  /** looks until it observes what is wanted */
  lag: number;
  instances: { instance: PlatformInstance; looks: number }[];
}

/**
 * A platform in memory that keeps numbers of replicas, as a Deployment of Kubernetes does: it names instances itself,
 * replaces a broken one, and its status follows with each look. No instance can be started, drained or stopped.
 */
export class ReplicaController implements Platform {
  /** versions whose instances start for ever */
  readonly neverReady = new Set<string>();
  /** one look in so many fails, as when a watch drops; 0: none */
  dropEvery = 0;
  /** `checkout/production 1.1.0 3`, each number that was new */
  readonly calls: string[] = [];
  readonly #url: string;
  readonly #all = new Map<string, Workload>();
  #looks = 0;
  #made = 0;

  constructor(config: OperateAgentConfig, url = "http://127.0.0.1:1") {
    this.#url = url;
    for (const { name, local, environments } of config.services)
      for (const [environment, { initialVersion, instances }] of Object.entries(environments)) {
        const made: Workload = {
          ...{ service: name, environment, versions: local.versions.map((one) => one.version) },
          ...{ weights: null, lag: 0, instances: [] },
          wanted: new Map([[initialVersion, instances]]),
          observed: new Map([[initialVersion, instances]]),
        };
        this.#all.set(`${name}/${environment}`, made);
        for (let i = 0; i < instances; i++) this.#add(made, initialVersion, "ready");
      }
  }

  /** The process of an instance dies; the controller notices at the next look. */
  break(instanceId: string): void {
    for (const { instances } of this.#all.values())
      for (const { instance } of instances) if (instance.id === instanceId) instance.state = "restarting";
  }

  #add(workload: Workload, version: string, state: InstanceState): void {
    const { service, environment } = workload;
    const at = new Date().toISOString();
    this.#made += 1;
    const id = `${service}-${version.replaceAll(".", "-")}-${(this.#made * 7919).toString(36)}`;
    const instance: PlatformInstance = {
      ...{ service, environment, id, version, state, pid: null, port: 80, reason: null, cpuPercent: null },
      ...{ memoryBytes: null, restarts: 0, startedAt: at, createdAt: at, inFlight: 0, key: id, configured: true },
    };
    workload.instances.push({ instance, looks: LAG });
  }

  /** One turn of the controller's loop. */
  #reconcile(workload: Workload): void {
    if (workload.lag > 0 && --workload.lag === 0) workload.observed = new Map(workload.wanted);
    for (const one of workload.instances) {
      one.looks -= 1;
      const { instance } = one;
      if (instance.state === "starting" && one.looks <= 0 && !this.neverReady.has(instance.version))
        instance.state = "ready";
    }
    workload.instances = workload.instances.filter(
      ({ instance, looks }) => instance.state !== "restarting" && (instance.state !== "stopping" || looks > 0),
    );
    for (const [version, desired] of workload.observed) {
      const own = workload.instances.filter(({ instance: one }) => one.version === version && one.state !== "stopping");
      for (let i = own.length; i < desired; i++) this.#add(workload, version, "starting");
      const leavingFirst = [...own].reverse().sort((a, b) => rank(a.instance) - rank(b.instance));
      for (const one of leavingFirst.slice(0, Math.max(0, own.length - desired))) {
        one.instance.state = "stopping";
        one.looks = LAG;
      }
    }
  }

  #find({ service, environment }: ServiceRef): Workload {
    const found = this.#all.get(`${service}/${environment}`);
    if (found) return found;
    throw unknownName({ what: "service", given: `${service}/${environment}`, allowed: [...this.#all.keys()] });
  }

  #assertVersion({ versions }: Workload, given: string): void {
    if (!versions.includes(given)) throw unknownName({ what: "version", given, allowed: versions });
  }

  #look(): void {
    this.#looks += 1;
    if (this.dropEvery > 0 && this.#looks % this.dropEvery === 0)
      throw new AppError("UPSTREAM_UNAVAILABLE", "The watch was dropped.");
  }

  #status(workload: Workload) {
    this.#reconcile(workload);
    const { service, environment, weights, observed } = workload;
    const instances = structuredClone(workload.instances.map((one) => one.instance));
    const replicas = [...new Set([...observed.keys(), ...instances.map((one) => one.version)])]
      .map((version) => ({
        version,
        desired: observed.get(version) ?? 0,
        ready: instances.filter((one) => one.version === version && one.state === "ready").length,
      }))
      .filter((one) => one.desired > 0 || instances.some(({ version }) => version === one.version));
    const [current] = [...replicas].sort((a, b) => b.ready - a.ready);
    return {
      ...{ service, environment, weights: structuredClone(weights), instances, replicas, url: this.#url },
      ...{ currentVersion: current?.version ?? null, overloaded: null, configured: true, problem: null },
    };
  }

  readonly workloads: Workloads = {
    capabilities: () => ({ instanceControl: false, resources: false }),
    listServices: async () => {
      this.#look();
      return [...this.#all.values()].map((workload) => this.#status(workload));
    },
    getService: async (ref) => {
      this.#look();
      return this.#status(this.#find(ref));
    },
    setReplicas: async ({ version, replicas, ...ref }) => {
      const workload = this.#find(ref);
      this.#assertVersion(workload, version);
      if ((workload.wanted.get(version) ?? 0) === replicas) return;
      this.calls.push(`${ref.service}/${ref.environment} ${version} ${replicas}`);
      workload.wanted.set(version, replicas);
      workload.lag = LAG;
    },
    instances: null,
  };

  readonly traffic: Traffic = {
    capabilities: () => ({ weights: true, stickiness: false, preview: true, countedSince: false }),
    setWeights: async ({ weights, ...ref }) => {
      const workload = this.#find(ref);
      for (const version of Object.keys(weights ?? {})) this.#assertVersion(workload, version);
      workload.weights = structuredClone(weights);
    },
    trafficSince: async () => [],
    samplesSince: async (ref) => {
      this.#find(ref);
      return [];
    },
    sendTo: async (request) =>
      this.#find(request)
        .instances.filter(({ instance: one }) => one.version === request.version && one.state === "ready")
        .map(({ instance }) => ({ instanceId: instance.id, status: 200, durationMs: 1, body: "ok", problem: null })),
  };

  readonly logs: InstanceLogs = {
    capabilities: () => ({ tail: true, follow: false }),
    tailLogs: async () => [],
    followLogs: async () => {
      throw new AppError("PRECONDITION", "This platform does not let its logs be followed.");
    },
  };
}

const rank = ({ state }: PlatformInstance): number => (state === "ready" ? 1 : 0);
