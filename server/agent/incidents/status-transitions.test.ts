import { describe, expect, it } from "vitest";
import { AppError } from "../kernel/errors.ts";
import type { IncidentStatus } from "./schema.ts";
import { allowedFrom, transition } from "./status-transitions.ts";
import { INCIDENT_STATUSES } from "./words.ts";

const ROWS: [IncidentStatus, IncidentStatus[]][] = [
  ["open", ["acknowledged", "in_progress", "resolved"]],
  ["acknowledged", ["open", "in_progress", "resolved"]],
  ["in_progress", ["acknowledged", "resolved"]],
  ["resolved", ["open", "closed"]],
  ["closed", []],
];

describe.each(ROWS)("from %s", (from, allowed) => {
  it.each(INCIDENT_STATUSES.map((to) => [to, allowed.includes(to)] as const))("to %s: %s", (to, fine) => {
    if (fine) expect(transition("INC-1", from, to)).toBe(to);
    else
      expect(() => transition("INC-1", from, to)).toThrow(
        expect.objectContaining({ code: "PRECONDITION", details: { status: from, asked: to, allowed } }),
      );
  });
  it("offers the same", () => expect(allowedFrom(from)).toEqual(allowed));
});

it("a refusal says where it may go", () => {
  const refused = () => transition("INC-7", "open", "closed");
  expect(refused).toThrow(AppError);
  expect(refused).toThrow(
    "INC-7 is open and cannot become closed. From open it can go to: acknowledged, in progress, resolved.",
  );
});
