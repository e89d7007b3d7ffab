import {
  Activity,
  Boxes,
  ChartLine,
  HeartPulse,
  Inbox,
  LayoutList,
  Logs,
  Rocket,
  ScrollText,
  Settings,
  Siren,
  Waypoints,
  Workflow,
} from "lucide-react";

/** Pages of the console in the rail's order; `key` follows g. Telemetry stands together: metrics, logs, traces, map. */
export const PAGES = [
  { href: "/", label: "Overview", key: "o", icon: LayoutList, permission: "service.read" },
  { href: "/services", label: "Services", key: "s", icon: Boxes, permission: "service.read" },
  { href: "/deployments", label: "Deployments", key: "d", icon: Rocket, permission: "deployment.read" },
  { href: "/incidents", label: "Incidents", key: "i", icon: Siren, permission: "incident.read" },
  { href: "/health", label: "Health", key: "h", icon: HeartPulse, permission: "health.read" },
  { href: "/metrics-explorer", label: "Metrics", key: "m", icon: ChartLine, permission: "telemetry.read" },
  { href: "/logs", label: "Logs", key: "l", icon: Logs, permission: "telemetry.read" },
  { href: "/traces", label: "Traces", key: "t", icon: Waypoints, permission: "telemetry.read" },
  { href: "/map", label: "Map", key: "p", icon: Workflow, permission: "telemetry.read" },
  { href: "/ingest", label: "Ingest", key: "n", icon: Inbox, permission: "telemetry.read" },
  { href: "/audit", label: "Audit", key: "a", icon: ScrollText, permission: "audit.read" },
  { href: "/settings", label: "Settings", key: ",", icon: Settings, permission: "token.write" },
] as const;

export type Page = (typeof PAGES)[number];
export const LogoIcon = Activity;

/** Whether `pathname` is the page or below it. */
export const isBelow = (pathname: string, href: string): boolean =>
  href === "/" ? pathname === "/" : pathname === href || pathname.startsWith(`${href}/`);
