import type { z } from "zod";
import { settingsIn } from "./config-services.ts";
import { mergeRules, type RolloutRulesInput } from "./deploy/config.ts";
import { problemsOfRules, type RuleProblem } from "./deploy/config-problems.ts";
import { nearNames, shownName } from "./kernel/allowed-names.ts";
import { beginsAsOwn, isOwnService, OWN_SERVICE } from "./kernel/own-service.ts";
import { SERVICE_URL } from "./kernel/references.ts";
import { checkHomes, type Homes } from "./telemetry/config.ts";

/** Names that point at something must point at something that exists, and nothing may be named twice. */

const NAME_OF_OPERATE = `${OWN_SERVICE} is the name of Operate itself; take another one`;
const NO_ENVIRONMENT = "not in deploymentConfig.environments";

interface References {
  deploymentConfig: {
    environments: string[];
    productionEnvironments?: string[] | undefined;
    rollout?: RolloutRulesInput | undefined;
    freezeWindows: { environments: string[]; services: string[]; from?: string; to?: string }[];
    waves: { environment: string; requires: string[] }[];
  };
  monitoringConfig: Homes["monitoringConfig"] & {
    healthEndpoints: { name: string; dependsOn: string[]; environment?: string | undefined }[];
    scrape: { name: string; service?: string | undefined; labels: Record<string, string> }[];
  };
  services: (Homes["services"][number] & {
    name: string;
    dependsOn: string[];
    deployment?: RolloutRulesInput | undefined;
    environments: Record<string, { port: number; env: Record<string, string> }>;
  })[];
  removedServices: string[];
  traffic: { service: string; environment: string; paths: string[] }[];
}

type Path = (string | number)[];
/** `found` is compared with `names` only where the problem is shown: there may be thousands of both. */
type Add = (path: Path, message: string, found?: string, names?: () => Iterable<string>) => void;

export function checkReferences(config: References, issues: z.RefinementCtx): void {
  const add: Add = (path, message, found, names) =>
    issues.addIssue({ code: "custom", path, message, ...(names && nearNames(found ?? "", names)) });
  const services = new Map(config.services.map((service) => [service.name, service]));
  checkServices(config, add);
  checkUrls(config, add);
  checkPorts(config, add);
  checkRemoved(config, services, add);
  checkPolicyNames(config, services, add);
  checkRules(config, add);
  checkHomes(config, add);
  checkEndpoints(config, services, add);
  const streams = new Set<string>();
  config.traffic.forEach((traffic, i) => {
    const stream = JSON.stringify([traffic.service, traffic.environment, traffic.paths.toSorted()]);
    if (streams.has(stream)) add(["traffic", i], "these paths have visitors there already; keep one entry");
    streams.add(stream);
    const service = services.get(traffic.service);
    if (!service)
      add(["traffic", i, "service"], `no service is named ${traffic.service}`, traffic.service, () => services.keys());
    else if (!settingsIn(service, traffic.environment))
      add(["traffic", i, "environment"], `${service.name} does not run there`, traffic.environment, () =>
        Object.keys(service.environments),
      );
  });
}

type Services = ReadonlyMap<string, References["services"][number]>;
const without = (names: Iterable<string>, one: string) => [...names].filter((name) => name !== one);

function checkServices(config: References, add: Add): void {
  const environments = new Set<string>();
  config.deploymentConfig.environments.forEach((name, i) => {
    if (environments.has(name)) add(["deploymentConfig", "environments", i], `a second environment named ${name}`);
    if (isOwnService(name)) add(["deploymentConfig", "environments", i], NAME_OF_OPERATE);
    environments.add(name);
  });
  const all = new Set(config.services.map((service) => service.name));
  const seen = new Set<string>();
  config.services.forEach((service, i) => {
    if (seen.has(service.name)) add(["services", i, "name"], `a second service named ${service.name}`);
    seen.add(service.name);
    if (isOwnService(service.name)) add(["services", i, "name"], NAME_OF_OPERATE);
    service.dependsOn.forEach((name, j) => {
      if (name === service.name)
        add(["services", i, "dependsOn", j], `${shownName(name)} cannot depend on itself; take it out`);
      else if (!all.has(name))
        add(["services", i, "dependsOn", j], `no other service is named ${name}`, name, () =>
          without(all, service.name),
        );
    });
    for (const name of Object.keys(service.environments)) {
      if (!environments.has(name)) add(["services", i, "environments", name], NO_ENVIRONMENT, name, () => environments);
    }
  });
  checkCircles(
    config.services.map(({ name, dependsOn }, i) => ({
      name,
      dependsOn: dependsOn.map((other, j) => ({ name: other, path: ["services", i, "dependsOn", j] })),
    })),
    "depends on itself",
    add,
  );
}

interface Dependent {
  name: string;
  dependsOn: { name: string; path: Path }[];
}

/** Each circle once, at the dependency that closes it. Depth first, every name visited once. */
function checkCircles(nodes: readonly Dependent[], what: string, add: Add): void {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const state = new Map<string, "open" | "done">();
  for (const root of nodes) {
    // without recursion: a chain may be as long as the file allows
    const trail: { node: Dependent; next: number }[] = state.has(root.name) ? [] : [{ node: root, next: 0 }];
    if (trail.length > 0) state.set(root.name, "open");
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const { node } = top;
      const dependency = node.dependsOn[top.next++];
      if (dependency === undefined) {
        state.set(node.name, "done");
        trail.pop();
        continue;
      }
      const { name, path } = dependency;
      const target = byName.get(name);
      if (target === undefined || name === node.name) continue;
      if (state.get(name) === "open") {
        const names = trail.map((one) => one.node.name);
        const circle = [...names.slice(names.indexOf(name)), name].map(shownName);
        const shown = circle.length > 10 ? [...circle.slice(0, 5), "…", ...circle.slice(-4)] : circle;
        add(path, `${what} in a circle: ${shown.join(" → ")}; remove one of these`);
      } else if (!state.has(name)) {
        state.set(name, "open");
        trail.push({ node: target, next: 0 });
      }
    }
  }
}

/** `${url:NAME}` is the balancer of a service in the same environment. */
function checkUrls({ services }: References, add: Add): void {
  const there = new Map<string, Set<string>>();
  for (const { name, environments } of services)
    for (const environment of Object.keys(environments))
      there.set(environment, (there.get(environment) ?? new Set()).add(name));
  services.forEach((service, i) => {
    for (const [environment, { env }] of Object.entries(service.environments)) {
      const known = there.get(environment) ?? new Set();
      for (const [variable, value] of Object.entries(env))
        for (const [whole, name = ""] of value.matchAll(SERVICE_URL))
          if (!known.has(name))
            add(
              ["services", i, "environments", environment, "env", variable],
              `${shownName(whole)} names no service that runs in ${environment}`,
              name,
              () => known,
            );
    }
  });
}

/** A fixed port belongs to one balancer. */
function checkPorts({ services }: References, add: Add): void {
  const holders = new Map<number, string>();
  services.forEach((service, i) => {
    for (const [environment, { port }] of Object.entries(service.environments)) {
      if (port === 0) continue;
      const holder = holders.get(port);
      if (holder === undefined) holders.set(port, `${service.name} in ${environment}`);
      else
        add(
          ["services", i, "environments", environment, "port"],
          `${port} is the port of ${holder} already; take another one, or 0 for a free one`,
        );
    }
  });
}

function checkRemoved({ removedServices }: References, services: Services, add: Add): void {
  removedServices.forEach((name, i) => {
    const [service = "", environment] = name.split("/");
    const found = services.get(service);
    if (found !== undefined && (environment === undefined || settingsIn(found, environment)))
      add(["removedServices", i], `${name} is configured; take it out of services first, or out of this list`);
  });
}

function checkEndpoints({ monitoringConfig, deploymentConfig }: References, services: Services, add: Add): void {
  const { healthEndpoints, scrape } = monitoringConfig;
  const all = new Set([...services.keys(), ...healthEndpoints.map((endpoint) => endpoint.name)]);
  const environments = new Set(deploymentConfig.environments);
  const taken = new Set(services.keys());
  healthEndpoints.forEach((endpoint, i) => {
    const path = ["monitoringConfig", "healthEndpoints", i];
    if (taken.has(endpoint.name))
      add(
        [...path, "name"],
        `a second endpoint or service named ${shownName(endpoint.name)}; give it a name of its own`,
      );
    if (beginsAsOwn(endpoint.name))
      add(
        [...path, "name"],
        `${shownName(endpoint.name)} reads as a check of Operate itself; take a name that does not begin with ${OWN_SERVICE}`,
      );
    taken.add(endpoint.name);
    endpoint.dependsOn.forEach((name, j) => {
      if (name === endpoint.name || !all.has(name))
        add([...path, "dependsOn", j], `nothing else is named ${shownName(name)}`, name, () =>
          without(all, endpoint.name),
        );
    });
    const { environment } = endpoint;
    if (environment !== undefined && !environments.has(environment))
      add([...path, "environment"], NO_ENVIRONMENT, environment, () => environments);
  });
  checkCircles(
    healthEndpoints.map(({ name, dependsOn }, i) => ({
      name,
      dependsOn: dependsOn.flatMap((other, j) =>
        services.has(other) ? [] : [{ name: other, path: ["monitoringConfig", "healthEndpoints", i, "dependsOn", j] }],
      ),
    })),
    "depends on itself",
    add,
  );
  const targets = new Set<string>();
  scrape.forEach(({ name, service, labels }, i) => {
    const path = ["monitoringConfig", "scrape", i];
    // only Operate's own page of figures is stored as its own
    if (isOwnService(name)) add([...path, "name"], NAME_OF_OPERATE);
    if (service !== undefined && isOwnService(service)) add([...path, "service"], NAME_OF_OPERATE);
    if (isOwnService(labels.service ?? "")) add([...path, "labels", "service"], NAME_OF_OPERATE);
    if (targets.has(name)) add(["monitoringConfig", "scrape", i, "name"], `a second target named ${shownName(name)}`);
    targets.add(name);
  });
}

/** Production, freeze windows and waves name environments and services that exist, and leave a way to deploy. */
function checkPolicyNames({ deploymentConfig }: References, services: Services, add: Add): void {
  const { freezeWindows, waves, productionEnvironments = [] } = deploymentConfig;
  const environments = new Set(deploymentConfig.environments);
  const check = (path: Path, names: string[], known: Pick<Services, "has" | "keys">, what: string) => {
    for (const name of names)
      if (!known.has(name)) add(path, `no ${what} is named ${shownName(name)}`, name, () => known.keys());
  };
  productionEnvironments.forEach((name, i) => {
    check(["deploymentConfig", "productionEnvironments", i], [name], environments, "environment");
  });
  freezeWindows.forEach((window, i) => {
    const path = ["deploymentConfig", "freezeWindows", i];
    check([...path, "environments"], window.environments, environments, "environment");
    check([...path, "services"], window.services, services, "service");
    if (window.from !== undefined && window.to !== undefined && Date.parse(window.to) <= Date.parse(window.from))
      add([...path, "to"], "not after from, so that nothing would ever be frozen; name a later instant");
  });
  const required = new Map<string, Dependent["dependsOn"]>();
  const pairs = new Set<string>();
  waves.forEach((wave, i) => {
    const path = ["deploymentConfig", "waves", i];
    check([...path, "environment"], [wave.environment], environments, "environment");
    check([...path, "requires"], wave.requires, environments, "environment");
    if (wave.requires.includes(wave.environment))
      add([...path, "requires"], `${wave.environment} cannot require itself`);
    const dependsOn = required.get(wave.environment) ?? [];
    wave.requires.forEach((name, j) => {
      const pair = `${wave.environment} requires ${name}`;
      if (pairs.has(pair)) add([...path, "requires", j], `${pair} already; keep one`);
      pairs.add(pair);
    });
    dependsOn.push(...wave.requires.map((name, j) => ({ name, path: [...path, "requires", j] })));
    required.set(wave.environment, dependsOn);
  });
  const nodes = deploymentConfig.environments.map((name) => ({ name, dependsOn: required.get(name) ?? [] }));
  checkCircles(nodes, "requires itself", add);
}

/** What holds between the rules of a rollout once both layers are laid over the defaults, said of the layer that has it. */
function checkRules({ deploymentConfig: { rollout }, services }: References, add: Add): void {
  const common = problemsOfRules(mergeRules(rollout));
  const report = (path: Path, problems: RuleProblem[]) => {
    for (const { key, message, found, names } of problems) add([...path, ...key], message, found, names);
  };
  if (rollout) report(["deploymentConfig", "rollout"], common);
  const known = new Set(common.map(({ message }) => message));
  services.forEach(({ deployment }, i) => {
    if (!deployment) return;
    const problems = problemsOfRules(mergeRules(rollout, deployment));
    report(
      ["services", i, "deployment"],
      problems.filter(({ message }) => !known.has(message)),
    );
  });
}
