import { Logs } from "lucide-react";
import type { Area } from "../area.ts";

export const logs = {
  pages: [{ href: "/logs", label: "Logs", key: "l", icon: Logs, permission: "telemetry.read" }],
} satisfies Area;
