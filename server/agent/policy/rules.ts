import type { Obstacle } from "../actions/obstacles.ts";
import type { Action } from "../actions/words.ts";
import { utc } from "../text/utc.ts";
import type { FreezeWindow } from "./config.ts";
import { freezeAt } from "./freeze.ts";
import type { LockView } from "./schema.ts";

/** What may stand against an action, one rule each: a lock, a freeze window, a wave. Pure. */

/** What somebody wants to do, where and when. */
export interface PolicyQuestion {
  action: Action;
  service: string;
  environment: string;
  version: string;
  at: Date;
}

/** How a version did where it ran before. `undecided`: the watch over it could not tell; `never`: it did not succeed there. */
export type VersionRecord = "passed" | "watching" | "undecided" | "regressed" | "never";

/** All that the rules know of the moment. */
export interface PolicyFacts {
  /** on the service in its environment */
  lock: LockView | null;
  freezeWindows: readonly FreezeWindow[];
  /** of the version in the environments that come before, by the waves */
  required: readonly { environment: string; record: VersionRecord }[];
}

export interface PolicyAnswer {
  obstacles: Obstacle[];
  /** worth knowing, no reason to refuse */
  notes: string[];
}

type PolicyRule = (question: PolicyQuestion, facts: PolicyFacts) => PolicyAnswer;

const lockRule: PolicyRule = (_, { lock }) => ({ obstacles: lockObstacles(lock), notes: [] });

/** A lock stands against every action, whatever the other rules say. */
export function lockObstacles(lock: LockView | null): Obstacle[] {
  if (!lock) return [];
  const { service, environment, reason, by, at } = lock;
  return [
    {
      reason: "locked",
      message: `${service} in ${environment} is locked by ${by.name} since ${utc(new Date(at))}: ${reason}.`,
      way: `Ask ${by.name}, or unlock it.`,
      details: { lockedBy: by.name, lockReason: reason, since: at },
    },
  ];
}

const freezeRule: PolicyRule = ({ service, environment, at }, { freezeWindows }) => {
  const freeze = freezeAt(freezeWindows, { service, environment, at });
  if (!freeze) return { obstacles: [], notes: [] };
  const obstacle: Obstacle = {
    reason: "frozen",
    message: `${environment} is frozen until ${utc(freeze.until)} (${freeze.name}): nothing new is deployed.`,
    way: "Wait until then; rolling back is allowed.",
    details: { freeze: freeze.name, until: freeze.until.toISOString() },
  };
  return { obstacles: [obstacle], notes: [] };
};

const waveRule: PolicyRule = ({ service, environment, version }, { required }) => ({
  obstacles: required.flatMap(({ environment: before, record }): Obstacle[] => {
    if (record !== "regressed" && record !== "never") return [];
    const ran = record === "regressed";
    const how = ran ? "regressed after its deployment there" : "has no successful deployment there";
    return [
      {
        reason: "wave",
        message: `${environment} takes only what passed in ${before}, and ${service} ${version} ${how}.`,
        way: ran ? "Deploy a version that is well there." : `Deploy it to ${before} first.`,
        details: { requires: before },
      },
    ];
  }),
  notes: required.flatMap(({ environment: before, record }) => {
    if (record === "watching") return [`${version} is still being watched in ${before}.`];
    if (record === "undecided") return [`The watch over ${version} in ${before} could not decide whether it holds.`];
    return [];
  }),
});

const RULES: readonly PolicyRule[] = [lockRule, freezeRule, waveRule];

/** What all rules say together, in their order. */
export function judgeByPolicy(question: PolicyQuestion, facts: PolicyFacts): PolicyAnswer {
  const answers = RULES.map((rule) => rule(question, facts));
  return {
    obstacles: answers.flatMap(({ obstacles }) => obstacles),
    notes: answers.flatMap(({ notes }) => notes),
  };
}
