/** Names and limits of deployments, for schemas and pages. */

export const DEPLOYMENT_STATUSES = [
  "queued",
  "running",
  "paused",
  "rolling_back",
  "succeeded",
  "rolled_back",
  "failed",
  "cancelled",
] as const;
export const ACTIVE_STATUSES = [
  "queued",
  "running",
  "paused",
  "rolling_back",
] as const satisfies readonly (typeof DEPLOYMENT_STATUSES)[number][];

export const STRATEGIES = ["rolling", "blue-green", "canary"] as const;

export const STEP_KINDS = ["hook", "roll", "bring_up", "verify", "weight", "analysis", "hold", "retire"] as const;

interface StepTraits {
  /** its time does not count towards the deadline: the judge, the hook and the hold have limits of their own */
  untimed: boolean;
  /** the judge compares both versions in it; it can be promoted while it runs */
  compares: boolean;
  /** it lasts until there were requests enough, or a person is asked */
  waitsForRequests: boolean;
  /** a person may accept its outcome although it failed */
  acceptable: boolean;
  /** what becomes of it once somebody promoted the deployment all the way */
  whenPromoted: "runs" | "skipped" | "runs if all requests" | "runs if last of its kind";
  /** it starts the instances that it needs and sets their share, so a retry prepares nothing before it */
  startsInstances: boolean;
  /** how it stops the instances of the version before; null: it stops none */
  stopsBaseline: "one by one" | "all" | null;
  /** what it printed or answered is kept, and shown under it */
  hasOutput: boolean;
  /** the note of one that passed says no more than its title */
  noteRepeatsTitle: boolean;
}

/** All that is true of a kind of step besides its work (`run/step-work.ts`): plan, run and pages read it here. */
export const STEP_TRAITS: Readonly<Record<(typeof STEP_KINDS)[number], StepTraits>> = {
  /** a call or command of the configuration */
  hook: {
    untimed: true,
    compares: false,
    waitsForRequests: false,
    acceptable: true,
    whenPromoted: "runs",
    startsInstances: false,
    stopsBaseline: null,
    hasOutput: true,
    noteRepeatsTitle: false,
  },
  /** instances are replaced one by one */
  roll: {
    untimed: false,
    compares: false,
    waitsForRequests: false,
    acceptable: false,
    whenPromoted: "runs",
    startsInstances: false,
    stopsBaseline: "one by one",
    hasOutput: false,
    noteRepeatsTitle: false,
  },
  /** new instances without traffic */
  bring_up: {
    untimed: false,
    compares: false,
    waitsForRequests: false,
    acceptable: false,
    whenPromoted: "runs if last of its kind",
    startsInstances: true,
    stopsBaseline: null,
    hasOutput: false,
    noteRepeatsTitle: true,
  },
  /** synthetic requests */
  verify: {
    untimed: false,
    compares: false,
    waitsForRequests: false,
    acceptable: true,
    whenPromoted: "runs",
    startsInstances: false,
    stopsBaseline: null,
    hasOutput: true,
    noteRepeatsTitle: false,
  },
  /** a share of the requests */
  weight: {
    untimed: false,
    compares: false,
    waitsForRequests: false,
    acceptable: false,
    whenPromoted: "runs if all requests",
    startsInstances: true,
    stopsBaseline: null,
    hasOutput: false,
    noteRepeatsTitle: true,
  },
  /** the judge compares both versions */
  analysis: {
    untimed: true,
    compares: true,
    waitsForRequests: true,
    acceptable: true,
    whenPromoted: "skipped",
    startsInstances: false,
    stopsBaseline: null,
    hasOutput: false,
    noteRepeatsTitle: false,
  },
  /** the old set is kept while the new one is watched */
  hold: {
    untimed: true,
    compares: true,
    waitsForRequests: false,
    acceptable: true,
    whenPromoted: "skipped",
    startsInstances: false,
    stopsBaseline: null,
    hasOutput: false,
    noteRepeatsTitle: false,
  },
  /** the old set is drained and stopped */
  retire: {
    untimed: false,
    compares: false,
    waitsForRequests: false,
    acceptable: false,
    whenPromoted: "runs",
    startsInstances: false,
    stopsBaseline: "all",
    hasOutput: false,
    noteRepeatsTitle: true,
  },
};

export const STEP_STATUSES = ["pending", "running", "waiting", "passed", "failed", "skipped"] as const;

export const DECISIONS = ["promote", "retry", "rollback", "abort", "pause", "resume"] as const;

/** watching · passed · regressed: went back, or asked · kept: a person kept it · superseded: another one came */
export const WATCH_STATES = ["watching", "passed", "regressed", "undecided", "kept", "superseded"] as const;
