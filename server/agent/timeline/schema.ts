import { z } from "zod";
import { DeploymentStatus } from "../deploy/schema.ts";
import { HealthState } from "../health/schema.ts";
import { IncidentStatus, Severity } from "../incidents/schema.ts";

/** What happened, as it is written and as it is read: one type for both sides. */

export const TIMELINE_LEVELS = ["info", "ok", "warning", "error"] as const;

const Common = z.object({
  /** idempotency key: the same event written twice is there once */
  key: z.string(),
  at: z.date(),
  service: z.string().nullable(),
  environment: z.string().nullable(),
  /** what it happened to; a consumer gets the events of one subject in order */
  subject: z.string(),
  level: z.enum(TIMELINE_LEVELS),
  title: z.string(),
});

/**
 * A health target changed. `from` equals `to` when the state stayed and only its explanation changed: a failure that was
 * a consequence no longer is one, or the reverse. The subject is the target's id.
 */
const HealthChanged = Common.extend({
  kind: z.literal("health.changed"),
  detail: z.object({
    target: z.string(),
    from: HealthState,
    to: HealthState,
    /** the target at the root of this failure; null when nothing it depends on explains it */
    causedBy: z.object({ id: z.string(), name: z.string() }).nullable(),
    /** what the check found */
    message: z.string().nullable(),
    /** a muted target pages nobody */
    muted: z.boolean(),
    flapping: z.boolean(),
  }),
});

/** Of a deployment; the subject is its id. */
const DeploymentEvent = Common.extend({ service: z.string(), environment: z.string() });

const DeploymentDetail = z.object({
  kind: z.enum(["deploy", "rollback"]),
  strategy: z.string(),
  version: z.string(),
  previousVersion: z.string().nullable(),
});

/** Why a deployment is worth an incident, as its record told it at that moment. */
const DeploymentFailure = z.object({
  reason: z.string(),
  /** the version before serves again, or is about to */
  rolledBack: z.boolean(),
  /** what happened, in full sentences */
  summary: z.string(),
  /** how long after its beginning, in a sentence that does not repeat the summary */
  opened: z.string(),
  /** entries of its record, each with its own time */
  story: z.array(z.object({ key: z.string(), at: z.iso.datetime(), message: z.string() })),
});

/** It was asked for, and waits for a worker. */
const DeploymentRequested = DeploymentEvent.extend({
  kind: z.literal("deployment.requested"),
  detail: DeploymentDetail,
});

const DeploymentStarted = DeploymentEvent.extend({
  kind: z.literal("deployment.started"),
  detail: DeploymentDetail,
});

/** A step failed, and a person is asked what is to become of it. */
const DeploymentWaiting = DeploymentEvent.extend({
  kind: z.literal("deployment.waiting"),
  detail: DeploymentDetail.extend({ failure: DeploymentFailure }),
});

const DeploymentEnded = DeploymentEvent.extend({
  kind: z.literal("deployment.ended"),
  detail: DeploymentDetail.extend({
    ending: DeploymentStatus.extract(["succeeded", "rolled_back", "failed", "cancelled"]),
    /** null when it was cancelled before it began */
    startedAt: z.iso.datetime().nullable(),
    summary: z.string(),
    /** the reason that the summary holds */
    why: z.string(),
    /** null when it did not fail, had said so when it asked, or ended before the time line told so */
    failure: DeploymentFailure.nullable(),
  }),
});

/** It had succeeded, and its watch found that the new version got worse. */
const DeploymentRegressed = DeploymentEvent.extend({
  kind: z.literal("deployment.regressed"),
  detail: DeploymentDetail.extend({ failure: DeploymentFailure }),
});

/**
 * The alert of a log pattern in one service and environment; the subject is the pattern there. Written when it begins to
 * fire, and again in each window of `minutes` while it does.
 */
const PatternFiring = Common.extend({
  kind: z.literal("pattern.firing"),
  detail: z.object({
    patternId: z.string(),
    /** its name, else its template */
    title: z.string(),
    /** lines in the last `minutes` */
    count: z.number(),
    minutes: z.number(),
    /** as many raise it */
    threshold: z.number(),
    severity: Severity,
    firingSince: z.iso.datetime(),
  }),
});

/** It was not seen there for a whole window. */
const PatternResolved = Common.extend({
  kind: z.literal("pattern.resolved"),
  detail: z.object({ patternId: z.string(), title: z.string(), minutes: z.number(), firingSince: z.iso.datetime() }),
});

/** Of an incident as it was then; the subject is its id. */
const IncidentDetail = z.object({ label: z.string(), title: z.string(), severity: Severity });

const IncidentOpened = Common.extend({ kind: z.literal("incident.opened"), detail: IncidentDetail });

const IncidentStatusChanged = Common.extend({
  kind: z.literal("incident.status"),
  detail: IncidentDetail.extend({ from: IncidentStatus, to: IncidentStatus }),
});

export const TimelineEvent = z.discriminatedUnion("kind", [
  HealthChanged,
  DeploymentRequested,
  DeploymentStarted,
  DeploymentWaiting,
  DeploymentEnded,
  DeploymentRegressed,
  PatternFiring,
  PatternResolved,
  IncidentOpened,
  IncidentStatusChanged,
]);
export type TimelineEvent = z.infer<typeof TimelineEvent>;
export type TimelineKind = TimelineEvent["kind"];
export type TimelineEventOf<K extends TimelineKind> = Extract<TimelineEvent, { kind: K }>;
export type DeploymentFailure = z.infer<typeof DeploymentFailure>;
