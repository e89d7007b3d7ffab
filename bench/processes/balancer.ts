import { Balancer } from "#server/integrations/local/balancer/balancer.ts";

/** The local platform's balancer in front of the port given as an argument; sends its own port to the parent. */
const balancer = new Balancer(
  { service: "target", environment: "bench" },
  { currentVersion: () => "1", refused: () => undefined },
);
const port = await balancer.listen(0);
balancer.rotation.update([balancer.createTarget("target-1", "1", Number(process.argv[2]))], null);
process.send?.({ port });
process.on("disconnect", () => process.exit(0));
