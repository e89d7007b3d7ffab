import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { APIRequestContext } from "@playwright/test";
import { appState } from "../fixtures/state.ts";
import { expect, expectLive, test } from "../fixtures/test.ts";

/** of every process: its id, its parent's and its command line */
const processes = (): { pid: number; parent: number; args: string }[] =>
  execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((row) => {
      const [pid, parent, ...args] = row.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent), args: args.join(" ") };
    });

/** pid of one of the supervisor's processes */
function pidOf(script: string): number {
  const found = processes().find(({ parent, args }) => parent === appState().pid && args.includes(script));
  if (!found) throw new Error(`${script} does not run under ${appState().pid}`);
  return found.pid;
}

/** of PostgreSQL all processes: those that exist would go on answering without the first */
function pidsOfPostgres(): number[] {
  const first = Number.parseInt(readFileSync(join(appState().dataDir, "postgres/postmaster.pid"), "utf8"), 10);
  return [first, ...processes().flatMap(({ pid, parent }) => (parent === first ? [pid] : []))];
}

function send(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // a connection that was closed meanwhile
    }
  }
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

test("an open page says within seconds that the collector hangs, and that it is back", async ({ page }) => {
  await page.goto("/incidents");
  await expectLive(page);
  const pids = [pidOf("server/collector.ts")];
  const told = page.getByText("the collector does not answer");
  send(pids, "SIGSTOP");
  try {
    // the page looks by itself every 15 s only
    await expect(told).toBeVisible({ timeout: 12_000 });
  } finally {
    send(pids, "SIGCONT");
  }
  await expect(told).toBeHidden();
});

test("an open page says within seconds that PostgreSQL hangs, with its age, and follows again by itself", async ({
  page,
}) => {
  await page.goto("/incidents");
  await expectLive(page);
  const pids = pidsOfPostgres();
  const told = page.getByRole("banner").getByText(/^database away, as of \d\d:\d\d:\d\d$/);
  send(pids, "SIGSTOP");
  try {
    await expect(told).toBeVisible({ timeout: 15_000 });
  } finally {
    send(pids, "SIGCONT");
  }
  await expect(told).toBeHidden({ timeout: 60_000 });
  await expectLive(page);
});

test("an open page is not said to be live after an outage before it was read again", async ({ page }) => {
  await page.goto("/incidents");
  await expectLive(page);
  const banner = page.getByRole("banner");
  const released = Promise.withResolvers<void>();
  await page.route(/\/api\/trpc\/.*incidents\.list/, async (route) => {
    await released.promise;
    await route.continue();
  });
  await page.context().setOffline(true);
  await expect(banner.getByText(/^connection lost, as of/)).toBeVisible();
  await page.context().setOffline(false);
  const told = banner.getByText(/^reading again, as of \d\d:\d\d:\d\d$/);
  await expect(told).toBeVisible({ timeout: 30_000 });
  await expect(
    page
      .getByText("as last known")
      .or(page.getByText(/not updated for/))
      .first(),
  ).toBeVisible();
  released.resolve();
  await expect(told).toBeHidden({ timeout: 30_000 });
  await expectLive(page);
});

test("a page that is opened while PostgreSQL hangs has its frame at once, signed in or not", async ({
  page,
  browser,
}) => {
  const signedOut = { baseURL: appState().url, storageState: { cookies: [], origins: [] } };
  const stranger = await browser.newContext(signedOut);
  const [signIn, setUp] = [await stranger.newPage(), await stranger.newPage()];
  const pages = [
    { tab: page, path: "/services" },
    { tab: signIn, path: "/sign-in" },
    { tab: setUp, path: "/setup" },
  ];
  const pids = pidsOfPostgres();
  send(pids, "SIGSTOP");
  try {
    await Promise.all(
      pages.map(async ({ tab, path }) => {
        const opening = tab.goto(path, { waitUntil: "commit" });
        await expect(tab.getByRole("navigation", { name: "Pages" }).first(), path).toBeVisible({ timeout: 15_000 });
        await expect(tab.getByText("The database does not answer."), path).toBeVisible();
        await opening;
      }),
    );
  } finally {
    send(pids, "SIGCONT");
  }
  await expect(page.getByRole("heading", { level: 1, name: "Services" })).toBeVisible({ timeout: 90_000 });
  await expect(signIn.getByLabel("Password")).toBeVisible({ timeout: 90_000 });
  await stranger.close();
});

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
