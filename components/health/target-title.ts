import type { HealthTargetView } from "#server/agent/health/schema.ts";

type Named = Pick<HealthTargetView, "name" | "environment">;

/** "payments in staging"; an endpoint of no environment has its name only. */
export const targetName = ({ name, environment }: Named): string => (environment ? `${name} in ${environment}` : name);

/** What the tab is called: "payments in staging: down". */
export const targetTitle = (target: Named & Pick<HealthTargetView, "state">): string =>
  `${targetName(target)}: ${target.state}`;
