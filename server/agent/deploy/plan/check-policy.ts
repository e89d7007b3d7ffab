import { settingsIn } from "../../config-services.ts";
import type { Runtime } from "../../kernel/context.ts";
import { AppError } from "../../kernel/errors.ts";
import { findPassed } from "../record/store-history.ts";
import { findLock } from "../record/store-locks.ts";
import type { Target } from "./plan.ts";
import {
  freezeObstacle,
  lockObstacle,
  type Obstacle,
  requiredFor,
  type WaveState,
  waveNotes,
  waveObstacles,
} from "./policy.ts";

/** Everything that stands against a deployment now: locks, freeze windows, waves; and what is worth knowing of them. */
export async function checkPolicy(
  runtime: Runtime,
  target: Pick<Target, "service" | "environment" | "version">,
): Promise<{ obstacles: Obstacle[]; notes: string[] }> {
  const { freezeWindows, waves } = runtime.config.deploymentConfig;
  const asked = { ...target, at: runtime.now() };
  const lock = await findLock(runtime.db, target);
  // a service that does not run in the required environment cannot pass there
  const service = runtime.config.services.find((one) => one.name === target.service);
  const required = requiredFor(waves, target.environment).filter((name) => settingsIn(service, name));
  const states: WaveState[] = [];
  for (const environment of required) states.push(await stateIn(runtime, target, environment));
  return {
    obstacles: [...lockObstacle(lock), ...freezeObstacle(freezeWindows, asked), ...waveObstacles(asked, states)],
    notes: waveNotes(asked, states),
  };
}

async function stateIn(
  runtime: Runtime,
  { service, version }: Pick<Target, "service" | "version">,
  environment: string,
): Promise<WaveState> {
  const passed = await findPassed(runtime.db, { service, environment }, version);
  if (passed) return { environment, passed: { watchState: passed.watchState } };
  const settings = settingsIn(
    runtime.config.services.find((one) => one.name === service),
    environment,
  );
  if (settings?.initialVersion !== version) return { environment, passed: null };
  return { environment, passed: (await runsEverywhere(runtime, { service, environment }, version)) ? "initial" : null };
}

async function runsEverywhere(
  { platform }: Runtime,
  ref: { service: string; environment: string },
  version: string,
): Promise<boolean> {
  try {
    const { instances } = await platform.getService(ref);
    return instances.length > 0 && instances.every((one) => one.version === version);
  } catch (error) {
    if (error instanceof AppError && error.code === "NOT_FOUND") return false;
    throw error;
  }
}
