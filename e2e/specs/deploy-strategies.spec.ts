import type { Page } from "@playwright/test";
import { afterThePlan, expect, expectAccessible, expectLive, test } from "../fixtures/test.ts";

/** Canary and blue-green as a person lives through them: a good version, a bad one, a change of mind, a pause. */
test.describe.configure({ mode: "serial" });

const CHECKOUT = { service: "checkout", environment: "production" };

async function api<T>(page: Page, path: string, input: unknown): Promise<T> {
  const answer = await page.request.get(`/api/trpc/${path}?input=${encodeURIComponent(JSON.stringify(input))}`);
  expect(answer.ok(), await answer.text()).toBe(true);
  return ((await answer.json()) as { result: { data: T } }).result.data;
}

const currentVersion = async (page: Page, where: { service: string; environment: string }): Promise<string> =>
  (await api<{ row: { currentVersion: string } }>(page, "services.get", where)).row.currentVersion;

async function deploy(
  page: Page,
  where: { service: string; environment: string },
  version: string,
  strategy: "canary" | "blue-green",
): Promise<string> {
  await page.goto(`/services/${where.service}?env=${where.environment}`);
  await expectLive(page);
  await page.getByRole("button", { name: "Deploy…", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Version").selectOption(version);
  await dialog.getByRole("radio", { name: new RegExp(`^${strategy}`) }).check();
  await expect(dialog.getByRole("region", { name: "Plan" })).toContainText(
    strategy === "canary" ? /Send 5 % of the requests/ : /Send all requests/,
  );
  await (await afterThePlan(dialog, `Deploy ${where.service} ${version} to ${where.environment}`)).click();
  await expect(page).toHaveURL(/\/deployments\/dep_/);
  return new URL(page.url()).pathname.split("/").at(-1) ?? "";
}

/** Its state beside the title. */
const status = (page: Page, word: string) => page.locator("main").getByText(word, { exact: true }).first();

interface Course {
  deployment: { status: string; summary: string; waiting: object | null; finishedAt: string | null };
  steps: { title: string; status: string; note: string | null }[];
  analyses: { verdict: string; sentence: string; at: string }[];
}

/** Waits until it needs nobody's time any more; how it went until then is told when it did not go as expected. */
async function expectEnd(page: Page, id: string, word: "succeeded" | "rolled back", timeout: number): Promise<void> {
  let course: Course | null = null;
  const isOver = async () => {
    course = await api<Course>(page, "deploy.get", { deploymentId: id });
    return course.deployment.finishedAt !== null || course.deployment.waiting !== null;
  };
  const over = expect.poll(isOver, { timeout }).toBe(true);
  await over.catch((error: unknown) => {
    throw new Error(`not over: ${JSON.stringify(course, null, 1)}`, { cause: error });
  });
  await expect(status(page, word), JSON.stringify(course, null, 1)).toBeVisible();
}

async function goodVersion(page: Page): Promise<string> {
  return (await currentVersion(page, CHECKOUT)) === "2.4.1" ? "2.4.0" : "2.4.1";
}

test("a good canary grows to all requests, judged at each step", async ({ page }) => {
  test.setTimeout(600_000);
  const version = await goodVersion(page);
  const id = await deploy(page, CHECKOUT, version, "canary");
  await expect(page.getByRole("region", { name: "Decision" })).toContainText(/comparing|Comparing/, {
    timeout: 120_000,
  });
  await expect(page.getByRole("row").filter({ hasText: version }).first()).toContainText("5 %");
  await expectAccessible(page);
  await expectEnd(page, id, "succeeded", 240_000);
  await expect(page.getByText(`${version} is not worse than`).first()).toBeVisible();
  await expect(page.getByText("14 of 14 steps done")).toBeVisible();
  expect(await currentVersion(page, CHECKOUT)).toBe(version);
  await expectAccessible(page);
});

test("a bad canary is caught at its first step, and the judge says why", async ({ page }) => {
  test.setTimeout(400_000);
  const before = await currentVersion(page, CHECKOUT);
  const id = await deploy(page, CHECKOUT, "2.5.0", "canary");
  await expectEnd(page, id, "rolled back", 200_000);
  const judge = page.locator("section").filter({ has: page.getByRole("heading", { name: "The judge" }) });
  await expect(judge.getByText("worse", { exact: true }).first()).toBeVisible();
  await expect(judge.getByText(/error ratio .* against 0 %/).first()).toBeVisible();
  await judge
    .getByText(/^error ratio/)
    .first()
    .click();
  await expect(judge.getByText("Fisher's exact p").first()).toBeVisible();
  await expectAccessible(page);
  expect(await currentVersion(page, CHECKOUT)).toBe(before);
  const { split, steps } = await api<{
    split: { version: string; requests: number; errors: number }[];
    steps: { kind: string; status: string }[];
  }>(page, "deploy.get", { deploymentId: id });
  expect(steps.find((step) => step.kind === "analysis")?.status).toBe("failed");
  const all = split.reduce((sum, one) => sum + one.requests, 0);
  const lost = split.find((one) => one.version === "2.5.0")?.errors ?? 0;
  expect(lost / all, "what the canary lost is bounded by its weight").toBeLessThan(0.05);
  await page.getByRole("link", { name: /the incident it opened/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("checkout");
});

test("blue-green is taken back by keyboard while the old set is still kept", async ({ page }) => {
  test.setTimeout(120_000);
  const before = await currentVersion(page, CHECKOUT);
  const id = await deploy(page, CHECKOUT, await goodVersion(page), "blue-green");
  await expect(page.locator("li[aria-current=step]")).toContainText("Keep", { timeout: 60_000 });
  await page.keyboard.press("b");
  await expect(page.getByRole("dialog")).toContainText(`Roll back to ${before} in production`);
  await page.keyboard.press("Enter");
  await expect(status(page, "rolled back")).toBeVisible({ timeout: 90_000 });
  const { events } = await api<{ events: { message: string }[] }>(page, "deploy.get", { deploymentId: id });
  const started = events.filter(({ message }) => message.startsWith("Started "));
  expect(started, "the new set was started").not.toEqual([]);
  expect(
    started.filter(({ message }) => message.includes(` with ${before}`)),
    "the old set was still there",
  ).toEqual([]);
  expect(await currentVersion(page, CHECKOUT)).toBe(before);
});

test("a canary without traffic is paused, resumed and promoted by keyboard, and rolled back with one click", async ({
  page,
}) => {
  test.setTimeout(180_000);
  const where = { service: "payments", environment: "staging" };
  const before = await currentVersion(page, where);
  const version = before === "1.5.0" ? "1.4.2" : "1.5.0";
  await deploy(page, where, version, "canary");
  const bar = page.getByRole("region", { name: "Decision" });
  await expect(bar.getByRole("button", { name: /^(Promote to 100 %|Continue to \d+ %|Keep )/ })).toBeVisible({
    timeout: 30_000,
  });

  await page.keyboard.press("w");
  await expect(page.getByRole("dialog")).toContainText("Pause");
  await page.keyboard.press("Enter");
  await expect(bar).toContainText(/Paused by Ada/, { timeout: 20_000 });
  await expect(bar).toContainText(/goes back to .* by itself in/);
  await expectAccessible(page);

  await page.keyboard.press("c");
  await expect(page.getByRole("dialog")).toContainText("Go on");
  await page.keyboard.press("Enter");
  await expect(bar.getByRole("button", { name: /^Pause/ })).toBeVisible({ timeout: 20_000 });

  await page.keyboard.press("p");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/All the way/).check();
  await dialog.getByLabel("Why").fill("staging has too little traffic to tell");
  await page.keyboard.press("Enter");
  await expect(status(page, "succeeded")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/Ada Byron.*staging has too little traffic/).first()).toBeVisible();
  expect(await currentVersion(page, where)).toBe(version);

  await page.getByRole("button", { name: /^Roll back/ }).click();
  await expect(dialog.getByText("last known good")).toBeVisible();
  await dialog.getByRole("button", { name: `Roll back staging to ${before}` }).click();
  const clickedMs = Date.now();
  await expect.poll(() => currentVersion(page, where), { timeout: 30_000 }).toBe(before);
  expect(Date.now() - clickedMs).toBeLessThan(20_000);
});

test("a lock keeps others away, and says why", async ({ page }) => {
  await page.goto("/services/gateway?env=staging");
  await expectLive(page);
  await page.getByRole("button", { name: "Lock…" }).click();
  await page.getByRole("dialog").getByLabel("Why").fill("the doors are being painted");
  await page.keyboard.press("Enter");
  await expect(page.getByText("the doors are being painted")).toBeVisible();
  await page.getByRole("button", { name: "Deploy…", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Version").selectOption("3.2.0");
  await expect(dialog.getByRole("alert")).toContainText(/locked by Ada Byron/);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Unlock gateway in staging" }).click();
  await expect(page.getByText("the doors are being painted")).toBeHidden();
});

test("two versions are compared, and delivery is measured", async ({ page }) => {
  await page.goto("/compare?service=checkout&environment=production&env=production");
  await expect(page.getByText(/p95 latency/).first()).toBeVisible();
  await expectAccessible(page);
  await page.goto("/deployments?env=production&kind=deploy");
  await expect(page.getByRole("table", { name: "Delivery per service" })).toContainText("checkout");
  await expect(page.getByLabel("Status")).toContainText(/rolled back \(\d+\)/);
  await expectAccessible(page);
});
