import { ChartLine } from "lucide-react";
import type { Area } from "../area.ts";

export const metrics = {
  pages: [{ href: "/metrics-explorer", label: "Metrics", key: "m", icon: ChartLine, permission: "telemetry.read" }],
} satisfies Area;
