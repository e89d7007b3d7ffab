import { ScrollText } from "lucide-react";
import type { Area } from "../area.ts";

export const audit = {
  pages: [{ href: "/audit", label: "Audit", key: "a", icon: ScrollText, permission: "audit.read" }],
  stale: { audit: ["audit"] },
} satisfies Area;
