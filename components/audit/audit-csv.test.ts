import { describe, expect, it } from "vitest";
import { auditCsv } from "./audit-csv.ts";
import type { AuditEntryView } from "./entry.ts";

const entry: AuditEntryView = {
  id: "aud_1",
  at: "2026-03-01T10:00:00.000Z",
  actor: { kind: "person", id: "usr_1", name: 'Ada "the first", Lovelace' },
  via: "web",
  requestId: "req_1",
  action: "incident.update",
  outcome: "refused",
  target: { type: "incident", id: "inc_1" },
  before: null,
  after: { note: "a\nb" },
  errorCode: "FORBIDDEN",
  reason: '=HYPERLINK("http://x")',
};

describe("auditCsv", () => {
  it("quotes what must be quoted and disarms formulas", () => {
    const [head, row] = auditCsv([entry]).split("\r\n");
    expect(head?.split(",").length).toBe(14);
    expect(row).toBe(
      '2026-03-01T10:00:00.000Z,person,usr_1,"Ada ""the first"", Lovelace",web,incident.update,refused,incident,inc_1,' +
        'FORBIDDEN,"\'=HYPERLINK(""http://x"")",req_1,,"{""note"":""a\\nb""}"',
    );
  });

  it("leaves what is missing empty and ends with a line break", () => {
    const text = auditCsv([{ ...entry, target: null, reason: null, errorCode: null, after: null }]);
    expect(text.endsWith(",refused,,,,,req_1,,\r\n")).toBe(true);
    expect(auditCsv([]).split("\r\n").length).toBe(2);
  });
});
