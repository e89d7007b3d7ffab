/**
 * Operate from a script, without HTTP: lists the services, deploys a version to one of them and follows it to its end.
 *
 *   node_modules/.bin/node examples/agent-script.ts 1.1.0 [service] [environment]
 *
 * It works on the Operate that runs here (`npm start`), with the same rules and the same audit log as the console.
 */
import { AppError } from "../server/agent/kernel/errors.ts";
import { OperateAgent } from "../server/agent/operate-agent.ts";

const [version, service = "checkout", environment = "staging"] = process.argv.slice(2);
const ENDED = new Set(["succeeded", "rolled_back", "failed", "cancelled"]);

async function main(agent: OperateAgent): Promise<void> {
  const { summary, rows } = await agent.listServices();
  console.log(summary);
  for (const row of rows)
    console.log(`  ${row.service}/${row.environment}  ${row.health}  ${row.currentVersion ?? "nothing runs"}`);

  if (!version) {
    const { versions } = await agent.getService({ service, environment });
    console.log(`Name a version of ${service} to deploy: ${versions.map((entry) => entry.version).join(", ")}`);
    return;
  }
  const { deployment, plan } = await agent.deployApplication({ service, environment, version });
  console.log(plan.summary);
  for (const { title, seconds } of plan.steps) console.log(`  ${title}${seconds > 0 ? ` (about ${seconds} s)` : ""}`);
  for (const warning of plan.warnings) console.log(`  Note: ${warning}`);
  if (deployment) await follow(agent, deployment.id);
}

async function follow(agent: OperateAgent, deploymentId: string): Promise<void> {
  const seen = new Set<string>();
  for (;;) {
    const { deployment, events } = await agent.getDeployment({ deploymentId, followSeconds: 30 });
    for (const event of events.filter(({ id }) => !seen.has(id))) {
      seen.add(event.id);
      console.log(`${event.at}  ${event.message}`);
    }
    if (ENDED.has(deployment.status)) {
      console.log(`${deployment.status}: ${deployment.summary}`);
      if (deployment.status !== "succeeded") process.exitCode = 2;
      return;
    }
    if (deployment.waiting) {
      const { reason, options, expiresAt } = deployment.waiting;
      console.log(`It waits for a decision until ${expiresAt} (${options.join(", ")}): ${reason}`);
    }
  }
}

try {
  const agent = new OperateAgent(process.env.OPERATE_CONFIG ?? "examples/shop/operate.config.yaml");
  try {
    await main(agent);
  } finally {
    await agent.close();
  }
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
