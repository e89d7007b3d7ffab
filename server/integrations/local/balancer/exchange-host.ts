import type { IncomingMessage } from "node:http";
import type { Outcome } from "#server/agent/telemetry/outcomes.ts";
import type { Exchange } from "./exchange.ts";
import type { Candidate, Rotation } from "./rotation.ts";
import type { RouteChoice } from "./route-choice.ts";
import type { Ended } from "./traffic-ring.ts";
import type { ConnectionPool } from "./upstream/connection-pool.ts";

/** An instance as the balancer sees it. */
export interface Target extends Candidate {
  pool: ConnectionPool;
}

/** What an exchange needs of its balancer. */
export interface ExchangeHost {
  readonly rotation: Pick<Rotation<Target>, "pick">;
  readonly routes: RouteChoice;
  /** false: what Operate itself sent, which is in no figure */
  readonly counts: boolean;
  /** the version that it counts for when no instance is ready */
  currentVersion(): string | null;
  /** an instance refused a connection */
  refused(instanceId: string): void;
  /** its word on where a request came from counts */
  trusts(request: IncomingMessage): boolean;
  /** the client closed its side, and it is not known yet whether it still reads */
  doubts(request: IncomingMessage): boolean;
  /** room for one more upgraded connection */
  readonly roomForUpgrade: boolean;
  readonly streamMs: number;
  /** a request was turned away */
  shed(): void;
  /** `tookMs`: for a client that left, how long it had waited */
  record(version: string, outcome: Outcome, tookMs: number, more: Ended): void;
  settled(exchange: Exchange): void;
  /** something threw that should not have */
  fault(error: unknown): void;
}
