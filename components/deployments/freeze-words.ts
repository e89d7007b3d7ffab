/** "checkout and payments in production are", "production is", "everything is": what a freeze window keeps as it is. Pure. */
export function describeScope({
  services,
  environments,
}: {
  services: readonly string[];
  environments: readonly string[];
}): string {
  const [what, where] = [listed(services), listed(environments)];
  if (services.length > 0)
    return `${what}${environments.length > 0 ? ` in ${where}` : ""} ${services.length > 1 ? "are" : "is"}`;
  if (environments.length > 0) return `${where} ${environments.length > 1 ? "are" : "is"}`;
  return "Everything is";
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
