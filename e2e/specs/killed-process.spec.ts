import { execFileSync } from "node:child_process";
import type { APIRequestContext } from "@playwright/test";
import { appState } from "../fixtures/state.ts";
import { expect, test } from "../fixtures/test.ts";

/** pid of one of the supervisor's processes */
function pidOf(script: string): number {
  const table = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" });
  const line = table
    .split("\n")
    .find((row) => Number(row.trim().split(/\s+/)[1]) === appState().pid && row.includes(script));
  if (!line) throw new Error(`${script} does not run under ${appState().pid}`);
  return Number(line.trim().split(/\s+/)[0]);
}

async function call<T>(
  request: APIRequestContext,
  path: string,
  input: unknown,
  method: "GET" | "POST" = "GET",
): Promise<T> {
  const { url } = appState();
  const answer =
    method === "POST"
      ? await request.post(`/api/trpc/${path}`, { data: input, headers: { origin: url } })
      : await request.get(`/api/trpc/${path}?input=${encodeURIComponent(JSON.stringify(input))}`);
  const body = (await answer.json()) as { result?: { data: T }; error?: { message: string } };
  if (!body.result) throw new Error(body.error?.message ?? `HTTP ${answer.status()}`);
  return body.result.data;
}

interface Followed {
  deployment: { id: string; status: string };
  events: { message: string }[];
}

for (const script of ["server/web.ts", "server/worker.ts", "server/integrations/local/daemon.ts"]) {
  test(`kill -9 of ${script} in the middle of a deployment changes nothing`, async ({ request }) => {
    const service = { service: "catalog", environment: "production" };
    const { versions } = await call<{ versions: { version: string; running: boolean }[] }>(
      request,
      "services.get",
      service,
    );
    const version = versions.find((entry) => !entry.running)?.version;
    const started = await call<{ deployment: { id: string } }>(
      request,
      "deploy.start",
      { ...service, version },
      "POST",
    );
    const deploymentId = started.deployment.id;
    const follow = () => call<Followed>(request, "deploy.get", { deploymentId });
    await expect.poll(async () => (await follow()).deployment.status, { intervals: [50] }).toBe("running");

    process.kill(pidOf(script), "SIGKILL");

    // the page itself may be away for a moment: a refused connection is asked again
    const status = () =>
      follow().then(
        (found) => found.deployment.status,
        () => "no answer",
      );
    await expect.poll(status, { timeout: 90_000 }).toBe("succeeded");
    const after = await call<{
      instances: { version: string; state: string }[];
      series: { errorPercent: number | null }[];
    }>(request, "services.get", { ...service, range: "15m" });
    expect(after.instances.map((instance) => instance.version)).toEqual(after.instances.map(() => version));
    expect(after.instances).toHaveLength(2);
    if (!script.includes("daemon"))
      expect(Math.max(0, ...after.series.map((point) => point.errorPercent ?? 0))).toBe(0);
  });
}
