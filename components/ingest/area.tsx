import { Inbox } from "lucide-react";
import type { Area } from "../area.ts";

export const ingest = {
  pages: [{ href: "/ingest", label: "Ingest", key: "n", icon: Inbox, permission: "telemetry.read" }],
  stale: { ingest: ["health"] },
} satisfies Area;
