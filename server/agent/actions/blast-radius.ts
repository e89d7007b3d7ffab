interface Dependent {
  name: string;
  dependsOn: readonly string[];
}

/** The services that depend on this one, directly or through others, by name: what an action on it may touch. Pure. */
export function blastRadius(services: readonly Dependent[], service: string): string[] {
  const found = new Set<string>();
  const pending = [service];
  for (let name = pending.pop(); name !== undefined; name = pending.pop())
    for (const one of services)
      if (one.dependsOn.includes(name) && one.name !== service && !found.has(one.name)) {
        found.add(one.name);
        pending.push(one.name);
      }
  return [...found].sort();
}
