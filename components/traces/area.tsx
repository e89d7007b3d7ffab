import { Waypoints } from "lucide-react";
import type { Area } from "../area.ts";

export const traces = {
  pages: [{ href: "/traces", label: "Traces", key: "t", icon: Waypoints, permission: "telemetry.read" }],
} satisfies Area;
