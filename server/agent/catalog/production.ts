interface Environments {
  deploymentConfig: { environments: readonly string[]; productionEnvironments?: readonly string[] | undefined };
}

const NAMED_PRODUCTION = /^(prod|production|live)(-|$)/;

/** The environments where what happens, happens to customers: as configured, else by name, else the last one. */
export function productionEnvironments({ deploymentConfig }: Environments): readonly string[] {
  const { environments, productionEnvironments: said } = deploymentConfig;
  if (said) return said;
  const named = environments.filter((name) => NAMED_PRODUCTION.test(name));
  return named.length > 0 ? named : environments.slice(-1);
}
