import { Settings } from "lucide-react";
import type { Area } from "../area.ts";

export const settings = {
  pages: [{ href: "/settings", label: "Settings", key: ",", icon: Settings, permission: "token.write" }],
  stale: { settings: ["settings"], tokens: ["settings"], users: ["settings"], session: ["settings"] },
} satisfies Area;
