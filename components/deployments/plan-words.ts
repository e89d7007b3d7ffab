import type { PlanView } from "#server/agent/deploy/plan/plan-schema.ts";
import { formatDuration, plural } from "../lib/format.ts";

/** What the deploy dialog says of a plan before somebody agrees to it. Pure. */

type Severity = PlanView["warnings"][number]["severity"];

/** `1 warning and 1 note in the plan`, each by its own name; null when there is nothing to know. */
export function warningWords(warnings: readonly { severity: Severity }[]): string | null {
  const of = (severity: Severity) => warnings.filter((one) => one.severity === severity).length;
  const parts = [
    { count: of("critical"), words: plural(of("critical"), "critical warning") },
    { count: of("warning"), words: plural(of("warning"), "warning") },
    { count: of("info"), words: plural(of("info"), "note") },
  ].flatMap(({ count, words }) => (count > 0 ? [words] : []));
  if (parts.length === 0) return null;
  return `${parts.length > 2 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : parts.join(" and ")} in the plan`;
}

/** How long it takes; where the judge is expected to ask, that is part of the way and no accident. */
export function durationWords({
  expectedSeconds,
  asksPeople,
}: Pick<PlanView, "expectedSeconds" | "asksPeople">): string {
  const time = formatDuration(expectedSeconds * 1_000);
  return asksPeople
    ? `about ${time}, and the time until you answer: the judge is expected to have too few requests and to ask you`
    : `about ${time} when nothing goes wrong`;
}

/** The worst of what is to be known; a note alone is no warning. */
export const worstOf = (warnings: readonly { severity: Severity }[]): Severity =>
  (["critical", "warning"] as const).find((severity) => warnings.some((one) => one.severity === severity)) ?? "info";

/** What the button brings about, with service, version and environment. */
export const deployLabel = ({
  service,
  version,
  environment,
}: {
  service: string;
  version: string;
  environment: string;
}): string => `Deploy ${service} ${version} to ${environment}`;

/** `canary is configured`, or that it was chosen instead; what is configured is known once it was seen. */
export function strategyWords(chosen: string | null, configured: string | null): string {
  if (configured === null) return chosen === null ? "as it is configured, unless you choose" : "chosen by you";
  if (chosen === null || chosen === configured) return `${configured} is configured`;
  return `chosen by you; ${configured} is configured`;
}
