import { useQuery } from "@tanstack/react-query";
import { Rocket } from "lucide-react";
import type { Area } from "../area.ts";
import type { Badge } from "../layout/navigation.ts";
import { useEnvironment } from "../lib/environment.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { READ_TOGETHER } from "../trpc/read-together.ts";

const Running: Badge["Count"] = ({ children }) => {
  const { environment } = useEnvironment();
  // of all environments it is the state line's read too: without the mark it would take it from there
  const together = environment === null ? READ_TOGETHER : {};
  const services = useQuery(useTRPC().services.list.queryOptions({}, together));
  const count = services.data?.rows.filter((row) => row.activeDeployment).length ?? 0;
  return count > 0 ? children({ count, of: "running", tone: "active" }) : null;
};

export const deployments = {
  pages: [
    {
      href: "/deployments",
      label: "Deployments",
      key: "d",
      icon: Rocket,
      permission: "deployment.read",
      badge: {
        Count: Running,
        reads: (api, client) => [client.prefetchQuery(api.services.list.queryOptions({}))],
      },
      onBar: { place: 3, label: "Deploys" },
    },
  ],
  stale: { deploy: ["deployment", "service"] },
  aboutOne: { deployment: { deploy: { get: "deploymentId", detail: "deploymentId", series: "deploymentId" } } },
} satisfies Area;
