import type { DeploymentView } from "#server/agent/deploy/schema.ts";

/** What the tab is called: "checkout 2.5.0: rolled back". */
export const deploymentTitle = ({ service, version, status }: Pick<DeploymentView, "service" | "version" | "status">) =>
  `${service} ${version}: ${status.replace("_", " ")}`;
