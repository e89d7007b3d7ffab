import type { Metadata } from "next";
import { AuditPage } from "#components/audit/audit-page.tsx";
import { AUDIT_ACTIONS } from "#server/agent/ports/audit-log.ts";

export const metadata: Metadata = { title: "Audit" };

export default function Page() {
  return <AuditPage actions={AUDIT_ACTIONS} />;
}
