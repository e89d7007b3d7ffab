import type { z } from "zod";
import { checkHomes, type Homes } from "./config-telemetry.ts";
import { allowedNames, shownName } from "./kernel/allowed-names.ts";
import { OWN_SERVICE } from "./kernel/own-service.ts";

/** Names that point at something must point at something that exists, and nothing may be named twice. */

interface References {
  deploymentConfig: {
    environments: string[];
    freezeWindows: { environments: string[]; services: string[] }[];
    waves: { environment: string; requires: string[] }[];
  };
  monitoringConfig: Homes["monitoringConfig"] & {
    healthEndpoints: { name: string; dependsOn: string[]; environment?: string | undefined }[];
    scrape: { name: string }[];
  };
  services: (Homes["services"][number] & {
    name: string;
    dependsOn: string[];
    environments: Record<string, { port: number; env: Record<string, string> }>;
  })[];
  removedServices: string[];
  traffic: { service: string; environment: string }[];
}

type Add = (path: (string | number)[], message: string) => void;

export function checkReferences(config: References, issues: z.RefinementCtx): void {
  const add: Add = (path, message) => issues.addIssue({ code: "custom", path, message });
  const services = config.services.map((service) => service.name);
  checkServices(config, services, add);
  checkUrls(config, add);
  checkPorts(config, add);
  checkRemoved(config, add);
  checkPolicy(config, services, add);
  checkHomes(config, add);
  checkEndpoints(config, services, add);
  config.traffic.forEach((traffic, i) => {
    const service = config.services.find((candidate) => candidate.name === traffic.service);
    if (!service)
      add(
        ["traffic", i, "service"],
        `no service is named ${shownName(traffic.service)}; ${allowedNames(traffic.service, services)}`,
      );
    else if (!Object.hasOwn(service.environments, traffic.environment))
      add(
        ["traffic", i, "environment"],
        `${service.name} does not run there; ${allowedNames(traffic.environment, Object.keys(service.environments))}`,
      );
  });
}

function checkServices(config: References, services: string[], add: Add): void {
  const { environments } = config.deploymentConfig;
  environments.forEach((name, i) => {
    if (environments.indexOf(name) !== i)
      add(["deploymentConfig", "environments", i], `a second environment named ${name}`);
  });
  config.services.forEach((service, i) => {
    if (services.indexOf(service.name) !== i) add(["services", i, "name"], `a second service named ${service.name}`);
    if (service.name === OWN_SERVICE)
      add(["services", i, "name"], `${OWN_SERVICE} is the name of Operate itself; take another one`);
    const others = services.filter((name) => name !== service.name);
    service.dependsOn.forEach((name, j) => {
      if (!others.includes(name))
        add(["services", i, "dependsOn", j], `no other service is named ${name}; ${allowedNames(name, others)}`);
    });
    for (const name of Object.keys(service.environments)) {
      if (!environments.includes(name))
        add(
          ["services", i, "environments", name],
          `not in deploymentConfig.environments; ${allowedNames(name, environments)}`,
        );
    }
  });
  checkCircles(
    config.services.map(({ name, dependsOn }, i) => ({ name, dependsOn, path: ["services", i, "dependsOn"] })),
    add,
  );
}

interface Dependent {
  name: string;
  dependsOn: string[];
  path: (string | number)[];
}

/** Each circle of dependencies once, at the dependency that closes it. Depth first, every name visited once. */
function checkCircles(nodes: readonly Dependent[], add: Add): void {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const state = new Map<string, "open" | "done">();
  for (const root of nodes) {
    // without recursion: a chain may be as long as the file allows
    const trail: { node: Dependent; next: number }[] = state.has(root.name) ? [] : [{ node: root, next: 0 }];
    if (trail.length > 0) state.set(root.name, "open");
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const { node } = top;
      const index = top.next++;
      const name = node.dependsOn[index];
      if (name === undefined) {
        state.set(node.name, "done");
        trail.pop();
        continue;
      }
      const target = byName.get(name);
      if (target === undefined || name === node.name) continue;
      if (state.get(name) === "open") {
        const names = trail.map((one) => one.node.name);
        const circle = [...names.slice(names.indexOf(name)), name].map(shownName);
        const shown = circle.length > 10 ? [...circle.slice(0, 5), "…", ...circle.slice(-4)] : circle;
        add([...node.path, index], `depends on itself in a circle: ${shown.join(" → ")}; remove one of these`);
      } else if (!state.has(name)) {
        state.set(name, "open");
        trail.push({ node: target, next: 0 });
      }
    }
  }
}

/** `${url:NAME}` is the balancer of a service in the same environment. */
function checkUrls({ services }: References, add: Add): void {
  services.forEach((service, i) => {
    for (const [environment, { env }] of Object.entries(service.environments)) {
      const there = services.filter((other) => environment in other.environments).map((other) => other.name);
      for (const [variable, value] of Object.entries(env))
        for (const [whole, name = ""] of value.matchAll(/\$\{url:([^}]*)\}/g))
          if (!there.includes(name))
            add(
              ["services", i, "environments", environment, "env", variable],
              `${shownName(whole)} names no service that runs in ${environment}; ${allowedNames(name, there)}`,
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

function checkRemoved({ removedServices, services }: References, add: Add): void {
  removedServices.forEach((name, i) => {
    const [service = "", environment] = name.split("/");
    const found = services.find((one) => one.name === service);
    if (found !== undefined && (environment === undefined || environment in found.environments))
      add(["removedServices", i], `${name} is configured; take it out of services first, or out of this list`);
  });
}

function checkEndpoints(
  { monitoringConfig, deploymentConfig, services: all }: References,
  services: string[],
  add: Add,
) {
  const { healthEndpoints, scrape } = monitoringConfig;
  const endpoints = healthEndpoints.map((endpoint) => endpoint.name);
  const taken = new Set(services);
  healthEndpoints.forEach((endpoint, i) => {
    const path = ["monitoringConfig", "healthEndpoints", i];
    if (taken.has(endpoint.name))
      add(
        [...path, "name"],
        `a second endpoint or service named ${shownName(endpoint.name)}; give it a name of its own`,
      );
    taken.add(endpoint.name);
    const others = [...services, ...endpoints].filter((name) => name !== endpoint.name);
    endpoint.dependsOn.forEach((name, j) => {
      if (!others.includes(name))
        add([...path, "dependsOn", j], `nothing else is named ${shownName(name)}; ${allowedNames(name, others)}`);
    });
    const { environment } = endpoint;
    if (environment !== undefined && !deploymentConfig.environments.includes(environment))
      add(
        [...path, "environment"],
        `not in deploymentConfig.environments; ${allowedNames(environment, deploymentConfig.environments)}`,
      );
  });
  checkCircles(
    healthEndpoints.map(({ name, dependsOn }, i) => ({
      name,
      dependsOn: dependsOn.filter((other) => !all.some((service) => service.name === other)),
      path: ["monitoringConfig", "healthEndpoints", i, "dependsOn"],
    })),
    add,
  );
  const targets = new Set<string>();
  scrape.forEach(({ name }, i) => {
    if (targets.has(name)) add(["monitoringConfig", "scrape", i, "name"], `a second target named ${shownName(name)}`);
    targets.add(name);
  });
}

/** Freeze windows and waves name environments and services that exist. */
function checkPolicy({ deploymentConfig }: References, services: string[], add: Add): void {
  const { environments, freezeWindows, waves } = deploymentConfig;
  const check = (path: (string | number)[], names: string[], known: string[], what: string) => {
    for (const name of names)
      if (!known.includes(name)) add(path, `no ${what} is named ${shownName(name)}; ${allowedNames(name, known)}`);
  };
  freezeWindows.forEach((window, i) => {
    const path = ["deploymentConfig", "freezeWindows", i];
    check([...path, "environments"], window.environments, environments, "environment");
    check([...path, "services"], window.services, services, "service");
  });
  waves.forEach((wave, i) => {
    const path = ["deploymentConfig", "waves", i];
    check([...path, "environment"], [wave.environment], environments, "environment");
    check([...path, "requires"], wave.requires, environments, "environment");
    if (wave.requires.includes(wave.environment))
      add([...path, "requires"], `${wave.environment} cannot require itself`);
  });
}
