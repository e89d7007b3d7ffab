import { AppError } from "../kernel/errors.ts";
import type { IncidentStatus } from "./schema.ts";
import { UNRESOLVED } from "./words.ts";

const ALLOWED: Readonly<Record<IncidentStatus, readonly IncidentStatus[]>> = {
  open: ["acknowledged", "in_progress", "resolved"],
  acknowledged: ["open", "in_progress", "resolved"],
  in_progress: ["acknowledged", "resolved"],
  resolved: ["open", "closed"],
  closed: [],
};

/** Where an incident may go from here; from closed nowhere. */
export const allowedFrom = (status: IncidentStatus): readonly IncidentStatus[] => ALLOWED[status];

export const isUnresolved = (status: IncidentStatus): boolean =>
  (UNRESOLVED as readonly IncidentStatus[]).includes(status);

const WORDS: Record<IncidentStatus, string> = {
  open: "open",
  acknowledged: "acknowledged",
  in_progress: "in progress",
  resolved: "resolved",
  closed: "closed",
};
export const statusWord = (status: IncidentStatus): string => WORDS[status];

/** The step from one status to another. @throws PRECONDITION, naming the allowed ones. */
export function transition(label: string, from: IncidentStatus, to: IncidentStatus): IncidentStatus {
  const allowed = allowedFrom(from);
  if (allowed.includes(to)) return to;
  const way =
    allowed.length === 0
      ? "A closed incident is final: create a new one."
      : `From ${statusWord(from)} it can go to: ${allowed.map(statusWord).join(", ")}.`;
  const problem =
    from === to
      ? `${label} is already ${statusWord(from)}.`
      : `${label} is ${statusWord(from)} and cannot become ${statusWord(to)}.`;
  throw new AppError("PRECONDITION", `${problem} ${way}`, {
    details: { status: from, asked: to, allowed: [...allowed] },
  });
}
