import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Browser, type BrowserContext, chromium, type Page } from "@playwright/test";
import { PAGES } from "../e2e/fixtures/pages.ts";
import runApp from "../e2e/fixtures/run-app.ts";
import { ADMIN, appState } from "../e2e/fixtures/state.ts";
import { INTERRUPTED, interruption, listenForInterruption, unlessInterrupted } from "./interruption.ts";
import { commandLine } from "./usage.mjs";

/**
 * `npm run screenshots [-- FOLDER]`: runs the system on an empty data directory, lives through the README's story
 * and takes its pictures. OPERATE_CHROMIUM names the browser when it is not Playwright's own. With a FOLDER it takes every page there too, dark and light, 390 px and 1440 px.
 */
const README_DIR = join(import.meta.dirname, "../.github/images");
const [folder] = commandLine("screenshots").words;
const WIDE = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

async function shoot(page: Page, name: string): Promise<void> {
  await page.locator("[data-skeleton]:visible").first().waitFor({ state: "hidden" });
  await page.screenshot({ path: join(README_DIR, `${name}.png`) });
}

async function deploy(
  page: Page,
  url: string,
  version: string,
  until: RegExp,
  name: string,
  strategy: "rolling" | "canary" = "rolling",
): Promise<string> {
  const call = { service: "checkout", environment: "production", version, strategy, healthCheckTimeout: 8 };
  const answer = await page.request.post(`${url}/api/trpc/deploy.start`, { data: call, headers: { origin: url } });
  const { result } = (await answer.json()) as { result: { data: { deployment: { id: string } } } };
  await page.goto(`${url}/deployments/${result.data.deployment.id}?env=production`);
  await page.getByText(until).first().waitFor({ timeout: 240_000 });
  await shoot(page, name);
  return result.data.deployment.id;
}

async function tellStory(page: Page, url: string, setupLink: string): Promise<string[]> {
  await page.goto(setupLink);
  await page.getByLabel("Name").fill(ADMIN.name);
  await page.getByLabel(/e-?mail/i).fill(ADMIN.email);
  await page.getByLabel("Password").first().fill(ADMIN.password);
  await page.getByRole("button", { name: /create/i }).click();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await deploy(page, url, "2.4.1", /succeeded/, "deployment-succeeded");
  const id = await deploy(page, url, "2.7.0", /rolled back/, "deployment-rolled-back");
  const canary = await deploy(page, url, "2.5.0", /rolled back/, "canary-caught", "canary");
  const judge = page.locator("section").filter({ has: page.getByRole("heading", { name: "The judge" }) });
  await judge.screenshot({ path: join(README_DIR, "canary-judge.png") });
  await page.goto(`${url}/incidents`);
  await page
    .getByRole("link", { name: /checkout/ })
    .first()
    .click();
  await page.waitForURL(/\/incidents\/./);
  await page.getByRole("heading", { level: 1, name: /checkout/ }).waitFor();
  await shoot(page, "incident");
  const incident = new URL(page.url()).pathname;
  await page.goto(`${url}/health`);
  await shoot(page, "health");
  await delay(Number(process.env.SETTLE_MS ?? 90_000)); // graphs want minutes of traffic, not seconds
  await page.goto(`${url}/`);
  await shoot(page, "overview");
  const trace = await shootTelemetry(page, url);
  return [incident, trace, `/deployments/${id}`, `/deployments/${canary}`];
}

/** What the canary left in logs and traces. @returns the path of a trace that failed */
async function shootTelemetry(page: Page, url: string): Promise<string> {
  await page.goto(`${url}/logs?env=production&service=checkout&from=now-15m&to=now`);
  await page
    .getByRole("listitem")
    .filter({ hasText: /rounding error/ })
    .first()
    .waitFor();
  await shoot(page, "logs");
  await page.goto(`${url}/map?env=production`);
  await page
    .getByText(/payments/)
    .first()
    .waitFor();
  await shoot(page, "map");
  const window = { startTime: new Date(Date.now() - 900_000).toISOString(), endTime: new Date().toISOString() };
  const input = { ...window, service: "checkout", environment: "production", onlyErrors: true, limit: 1 };
  const answer = await page.request.get(
    `${url}/api/trpc/traces.list?input=${encodeURIComponent(JSON.stringify(input))}`,
  );
  const { result } = (await answer.json()) as { result: { data: { items: { traceId: string }[] } } };
  const path = `/traces/${result.data.items[0]?.traceId}`;
  await page.goto(`${url}${path}?env=production`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await shoot(page, "trace");
  return path;
}

async function shootAll(context: BrowserContext, url: string, paths: string[], into: string): Promise<void> {
  mkdirSync(into, { recursive: true });
  const page = await context.newPage();
  for (const path of paths)
    for (const colorScheme of ["dark", "light"] as const)
      for (const size of [WIDE, PHONE]) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.setViewportSize(size);
        await page.goto(`${url}${path}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await page.locator("[data-skeleton]:visible").first().waitFor({ state: "hidden" });
        const name = path.replace(/[^a-z0-9]+/gi, "-").replace(/^-|-$/g, "") || "overview";
        await page.screenshot({
          path: join(into, `${name}-${size.width}-${colorScheme}.png`),
          fullPage: size === PHONE,
        });
      }
}

listenForInterruption();
const stop = await unlessInterrupted(runApp()).catch((error: unknown) => {
  if (interruption.aborted) process.exit(INTERRUPTED);
  throw error;
});
let browser: Browser | undefined;
try {
  mkdirSync(README_DIR, { recursive: true });
  const executablePath = process.env.OPERATE_CHROMIUM;
  browser = await chromium.launch({
    ...(executablePath ? { executablePath } : {}),
    args: ["--no-sandbox", "--disable-gpu"],
  });
  const context = await browser.newContext({ viewport: WIDE, colorScheme: "dark", reducedMotion: "reduce" });
  const { url, setupLink } = appState();
  const found = await unlessInterrupted(tellStory(await context.newPage(), url, setupLink));
  if (folder) await unlessInterrupted(shootAll(context, url, [...PAGES, ...found], folder));
} catch (error) {
  if (!interruption.aborted) throw error;
  process.exitCode = INTERRUPTED;
} finally {
  await browser?.close();
  await stop();
}
if (interruption.aborted) process.exit();
