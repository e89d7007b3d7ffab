import type { z } from "zod";
import type { DeploymentEventView, StepView } from "#server/agent/deploy/schema.ts";

/** The reason of a failure stands in full once on the page, under how it ended; steps and entries refer to it. Pure. */

type Event = z.infer<typeof DeploymentEventView>;

/** A reason so short is no paragraph, and may well be part of another word. */
const LEAST = 12;
const PLACE = "How it ended";
const bare = (text: string): string => text.replace(/(?<![.\s])[.\s]+$/, "");

/** What failed steps and errors say that the summary says as well, the longest first. */
export function reasonsIn(summary: string, steps: readonly StepView[], events: readonly Event[]): string[] {
  const notes = steps.flatMap(({ status, note }) => (status === "failed" && note ? [note] : []));
  const errors = events.flatMap(({ level, message }) => (level === "error" ? [message] : []));
  return [...new Set([...notes, ...errors].map(bare))]
    .filter((reason) => reason.length >= LEAST && summary.includes(reason))
    .sort((a, b) => b.length - a.length);
}

/** `Going back to 2.4.0: …` without the reason that is said elsewhere; null when nothing else is said. */
function without(text: string, reason: string): string | null {
  const words = text
    .replaceAll(reason, "")
    .replace(/(^|[^\s])\s*[:;,](?=\s*(\.|$))/g, "$1")
    .replace(/^[\s:;,.]+|(?<![\s:;,])[\s:;,]+$/g, "")
    .replace(/(?<!\s)\s+([.])/g, "$1")
    .trim();
  return /[\p{L}\p{N}]/u.test(words) ? words : null;
}

/** A step's note with a reference in place of what stands under how it ended. */
export function noteOnce(note: string, reasons: readonly string[]): string {
  const reason = reasons.find((one) => note.includes(one));
  if (reason === undefined) return note;
  const rest = without(note, reason);
  return rest === null ? `The reason stands under “${PLACE}”.` : `${bare(rest)}: see “${PLACE}”.`;
}

/** Entries without what stands under how it ended; each keeps its own time and what else it says. */
export const eventsOnce = <E extends Event>(events: readonly E[], reasons: readonly string[]): E[] =>
  events.map((event) => {
    const reason = reasons.find((one) => event.message.includes(one));
    if (reason === undefined) return event;
    const rest = without(event.message, reason);
    return { ...event, message: rest ?? `It failed: the reason stands under “${PLACE}”.` };
  });
