import { catalogOf } from "../../catalog/catalog.ts";
import type { Runtime } from "../../kernel/context.ts";
import { AppError } from "../../kernel/errors.ts";
import type { VersionHistory, VersionRecord } from "../../policy/index.ts";
import type { ServiceRef } from "../../ports/workloads.ts";
import type { DeploymentRow } from "../record/store.ts";
import { findPassed } from "../record/store-history.ts";

/**
 * How a version did somewhere, for the policy: its newest successful deployment there, or that it has run there
 * everywhere from the start. @throws UPSTREAM_UNAVAILABLE
 */
export const versionHistory =
  (runtime: Runtime): VersionHistory =>
  async (ref, version) => {
    const passed = await findPassed(runtime.db, ref, version);
    if (passed) return recordOf(passed);
    const settings = catalogOf(runtime.config).settingsIn(ref.service, ref.environment);
    if (settings?.initialVersion !== version) return "never";
    return (await runsEverywhere(runtime, ref, version)) ? "passed" : "never";
  };

function recordOf({ watchState }: Pick<DeploymentRow, "watchState">): VersionRecord {
  switch (watchState) {
    case "watching":
    case "undecided":
    case "regressed":
      return watchState;
    case "passed":
    case "kept":
    case "superseded":
    case null:
      return "passed";
  }
}

async function runsEverywhere({ platform }: Runtime, ref: ServiceRef, version: string): Promise<boolean> {
  try {
    const { instances } = await platform.workloads.getService(ref);
    return instances.length > 0 && instances.every((one) => one.version === version);
  } catch (error) {
    if (error instanceof AppError && error.code === "NOT_FOUND") return false;
    throw error;
  }
}
