import { z } from "zod";
import { DEFAULT_PORT } from "../start/options.ts";

/** Of a file that may be wrong elsewhere: what is no port here is none, and is told by the configuration's schema. */
const Ports = z.object({
  services: z
    .array(
      z
        .object({ environments: z.record(z.string(), z.object({ port: z.unknown() }).catch({ port: 0 })).catch({}) })
        .catch({ environments: {} }),
    )
    .catch([]),
});

/**
 * A balancer cannot listen where the console does: PORT, as the supervisor hands it down, or its default.
 * `config`: as it is written, or parsed.
 */
export function checkOwnPort(
  config: unknown,
  env: NodeJS.ProcessEnv,
  add: (path: readonly PropertyKey[], message: string) => void,
): void {
  const own = Number(env.PORT) || DEFAULT_PORT;
  const { services } = Ports.catch({ services: [] }).parse(config);
  services.forEach((service, i) => {
    for (const [environment, { port }] of Object.entries(service.environments))
      if (port === own)
        add(
          ["services", i, "environments", environment, "port"],
          `${own} is the port of Operate's own console; take another one, or 0 for a free one`,
        );
  });
}
