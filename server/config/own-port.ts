import type { OperateAgentConfig } from "../agent/config.ts";
import { DEFAULT_PORT } from "../start/options.ts";

/** A balancer cannot listen where the console does: PORT, as the supervisor hands it down, or its default. */
export function checkOwnPort(
  { services }: Pick<OperateAgentConfig, "services">,
  env: NodeJS.ProcessEnv,
  add: (path: readonly PropertyKey[], message: string) => void,
): void {
  const own = Number(env.PORT) || DEFAULT_PORT;
  services.forEach((service, i) => {
    for (const [environment, { port }] of Object.entries(service.environments))
      if (port === own)
        add(
          ["services", i, "environments", environment, "port"],
          `${port} is the port of Operate's own console; take another one, or 0 for a free one`,
        );
  });
}
