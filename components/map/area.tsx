import { Workflow } from "lucide-react";
import type { Area } from "../area.ts";

export const map = {
  pages: [{ href: "/map", label: "Map", key: "p", icon: Workflow, permission: "telemetry.read" }],
} satisfies Area;
