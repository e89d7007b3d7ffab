import { HeartPulse } from "lucide-react";
import type { Area } from "../area.ts";

export const health = {
  pages: [{ href: "/health", label: "Health", key: "h", icon: HeartPulse, permission: "health.read" }],
  stale: { health: ["health"] },
} satisfies Area;
