/**
 * Services in the order to stop them: each level calls only into later ones, so nobody loses what it depends on
 * first. Services in a circle share the last level.
 */
export function stopOrder(services: readonly { name: string; dependsOn: readonly string[] }[]): string[][] {
  const levels: string[][] = [];
  let rest = [...services];
  while (rest.length > 0) {
    const called = new Set(rest.flatMap((service) => service.dependsOn));
    const free = rest.filter((service) => !called.has(service.name));
    const level = free.length > 0 ? free : rest;
    levels.push(level.map((service) => service.name));
    rest = rest.filter((service) => !level.includes(service));
  }
  return levels;
}
