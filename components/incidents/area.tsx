import { useQuery } from "@tanstack/react-query";
import { Siren } from "lucide-react";
import { UNRESOLVED } from "#server/agent/incidents/words.ts";
import type { Area } from "../area.ts";
import type { Badge } from "../layout/navigation.ts";
import { SEVERITY_TONE } from "../marks/states.ts";
import { useTRPC } from "../trpc/client.tsx";

const NOT_RESOLVED = { status: [...UNRESOLVED], limit: 1 };

const NotResolved: Badge["Count"] = ({ children }) => {
  const { data } = useQuery(useTRPC().incidents.list.queryOptions(NOT_RESOLVED));
  const count = data?.unresolved ?? 0;
  const worst = SEVERITY_TONE[data?.worstUnresolved ?? "low"];
  const tone = worst === "critical" || worst === "warning" ? worst : "quiet";
  return count > 0 ? children({ count, of: "not resolved", tone }) : null;
};

export const incidents = {
  pages: [
    {
      href: "/incidents",
      label: "Incidents",
      key: "i",
      icon: Siren,
      permission: "incident.read",
      badge: {
        Count: NotResolved,
        reads: (api, client) => [client.prefetchQuery(api.incidents.list.queryOptions(NOT_RESOLVED))],
      },
      onBar: { place: 2 },
    },
  ],
  stale: { incidents: ["deployment", "incident"] },
} satisfies Area;
