import type { Obstacle } from "../actions/obstacles.ts";
import { catalogOf } from "../catalog/catalog.ts";
import type { Db, Runtime, Tx } from "../kernel/context.ts";
import type { ServiceRef } from "../ports/workloads.ts";
import type { Wave } from "./config.ts";
import { judgeByPolicy, lockObstacles, type PolicyAnswer, type PolicyQuestion, type VersionRecord } from "./rules.ts";
import { findLock } from "./store-locks.ts";

/** What the policy asks of those who deploy: how a version did somewhere. Whoever deploys answers it. */
export type VersionHistory = (ref: ServiceRef, version: string) => Promise<VersionRecord>;

/** Everything that stands against an action: locks, freeze windows, waves; and what is worth knowing of them. */
export async function checkPolicy(
  { db, config }: Pick<Runtime, "db" | "config">,
  question: PolicyQuestion,
  recordOf: VersionHistory,
): Promise<PolicyAnswer> {
  const { freezeWindows, waves } = config.deploymentConfig;
  const { service: name, environment: target, version } = question;
  const lock = await findLock(db, question);
  // a service that does not run in the required environment cannot pass there
  const catalog = catalogOf(config);
  const before = requiredFor(waves, target).filter((environment) => catalog.runsIn(name, environment));
  const required: { environment: string; record: VersionRecord }[] = [];
  for (const environment of before)
    required.push({ environment, record: await recordOf({ service: name, environment }, version) });
  return judgeByPolicy(question, { lock, freezeWindows, required });
}

/** The lock alone: going back is not forbidden by anything else. Within a transaction it counts until the commit. */
export const checkLock = async (db: Db | Tx, ref: ServiceRef): Promise<Obstacle[]> =>
  lockObstacles(await findLock(db, ref));

/** The environments in which a version must have passed before it may go to this one. */
const requiredFor = (waves: readonly Wave[], environment: string): string[] => [
  ...new Set(waves.filter((wave) => wave.environment === environment).flatMap((wave) => wave.requires)),
];
