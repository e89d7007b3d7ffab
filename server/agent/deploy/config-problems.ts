import { DEFAULT_RULES, type JudgedMetric, METRICS_OF_USERS, type RolloutRules } from "./config.ts";

/** What holds between the rules of a rollout, of which each may come from another layer. */

export interface RuleProblem {
  /** below `rollout` or `deployment` */
  key: string[];
  message: string;
  found?: string;
  names?: () => string[];
}

/** What is wrong between rules that were laid over one another. */
export function problemsOfRules({ analysis, hooks }: RolloutRules): RuleProblem[] {
  const problems: RuleProblem[] = [];
  const { passScore, marginalScore, groups, metrics } = analysis;
  if (marginalScore > passScore)
    problems.push({
      key: ["analysis", "marginalScore"],
      message: `the marginalScore ${marginalScore} is above the passScore ${passScore}; set both, marginalScore no higher than passScore`,
    });
  // groups that leave a default one out judge without its metrics; a group that was named must be there
  for (const [name, { group }] of Object.entries(metrics))
    if (group !== DEFAULT_RULES.analysis.metrics[name as JudgedMetric].group && !Object.hasOwn(groups, group))
      problems.push({
        key: ["analysis", "metrics", name, "group"],
        message: `no group of analysis.groups is named ${group}`,
        found: group,
        names: () => Object.keys(groups),
      });
  if (!Object.values(groups).some((weight) => weight > 0))
    problems.push({ key: ["analysis", "groups"], message: "at least one group needs a weight above 0" });
  else if (!Object.values(metrics).some(({ enabled, group }) => enabled && (groups[group] ?? 0) > 0))
    problems.push({
      key: ["analysis", "groups"],
      message: "no metric that is enabled lies in a group with a weight above 0, so no version could ever pass",
    });
  if (!METRICS_OF_USERS.some((name) => metrics[name].enabled))
    problems.push({
      key: ["analysis", "metrics"],
      message: `without errors and latency no version could ever pass; leave one of ${METRICS_OF_USERS.join(", ")} enabled`,
    });
  for (const [place, list] of Object.entries(hooks)) {
    const seen = new Set<string>();
    for (const { name } of list) {
      if (seen.has(name))
        problems.push({ key: ["hooks", place], message: `a second hook named ${name}; give it a name of its own` });
      seen.add(name);
    }
  }
  return problems;
}
