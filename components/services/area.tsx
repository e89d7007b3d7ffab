import { Boxes, LayoutList } from "lucide-react";
import type { Area } from "../area.ts";

export const services = {
  pages: [
    { href: "/", label: "Overview", key: "o", icon: LayoutList, permission: "service.read", onBar: { place: 1 } },
    { href: "/services", label: "Services", key: "s", icon: Boxes, permission: "service.read" },
  ],
  stale: { services: ["deployment", "incident", "health", "service", "settings"] },
} satisfies Area;
