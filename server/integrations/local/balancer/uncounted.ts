import type { ExchangeHost } from "./exchange-host.ts";

/**
 * The balancer as the exchange of a request sees it that Operate itself sent: it goes the same way as a user's and gets
 * the same answer, is counted nowhere, and takes no turn that would be a user's.
 */
export const uncounted = (host: ExchangeHost): ExchangeHost => ({
  counts: false,
  rotation: { pick: (tried, wish) => host.rotation.pick(tried, wish, "checks") },
  get routes() {
    return host.routes;
  },
  get roomForUpgrade() {
    return host.roomForUpgrade;
  },
  get streamMs() {
    return host.streamMs;
  },
  currentVersion: () => host.currentVersion(),
  refused: (instanceId) => host.refused(instanceId),
  trusts: (request) => host.trusts(request),
  doubts: (request) => host.doubts(request),
  shed: () => undefined,
  record: () => undefined,
  settled: (exchange) => host.settled(exchange),
  fault: (error) => host.fault(error),
});
