import type { Page } from "@playwright/test";
import { afterThePlan, expect, expectAccessible, expectLive, test } from "../fixtures/test.ts";

/** The foundation's journey: live traffic, a good version, one that never becomes ready, the incident it opens. */
test.describe.configure({ mode: "serial" });

async function deploy(page: Page, version: string, readySeconds?: number) {
  await page.goto("/services/checkout?env=production");
  await expectLive(page);
  await page
    .getByRole("button", { name: /^Deploy/ })
    .first()
    .click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Environment").selectOption("production");
  await dialog.getByLabel("Version").selectOption(version);
  if (readySeconds) await dialog.getByLabel("Time to become ready").fill(String(readySeconds));
  await expect(dialog, "the plan comes before the consent").toContainText(/replace|start/i);
  await expectAccessible(page);
  await (await afterThePlan(dialog, `Deploy checkout ${version} to production`)).click();
  await expect(page).toHaveURL(/\/deployments\/dep_/);
}

/** requests that ended in a 5xx, asked of the API as the page does */
async function serverErrors(page: Page, version: string): Promise<number> {
  const input = encodeURIComponent(JSON.stringify({ service: "checkout", environment: "production", range: "15m" }));
  const answer = await page.request.get(`/api/trpc/services.get?input=${input}`);
  expect(answer.ok(), version).toBe(true);
  const { result } = (await answer.json()) as { result: { data: { series: { errorPercent: number | null }[] } } };
  return Math.max(0, ...result.data.series.map((point) => point.errorPercent ?? 0));
}

test("the overview shows four services with live traffic", async ({ page }) => {
  test.setTimeout(400_000);
  await page.goto("/?env=production");
  for (const name of ["gateway", "catalog", "checkout", "payments"]) {
    const row = page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
    await expect(
      row.getByRole("cell", { name: /^(up|degraded)/ }),
      "a loaded machine answers slower than the sample's limit",
    ).toBeVisible({ timeout: 240_000 });
    await expect(
      row
        .getByRole("cell")
        .filter({ hasText: /^\s*[\d.]*[1-9][\d.]*(\s*\/s)?\s*$/ })
        .first(),
      `${name} has traffic`,
    ).toBeVisible({ timeout: 60_000 });
  }
  await expect(page.getByRole("link", { name: /operate your own system/i })).toBeVisible();
  await expectAccessible(page);
});

test("a good version is rolled out, followed live", async ({ page }) => {
  await deploy(page, "2.4.1");
  await expect(page.getByText("succeeded").first()).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/3 of 3/).first()).toBeVisible();
  await expectAccessible(page);
  await page.goto("/services/checkout?env=production");
  await expect(page.getByRole("table", { name: /instances/i })).toContainText("2.4.1");
});

test("a version that never becomes ready is rolled back, opens an incident, and loses no request", async ({ page }) => {
  await deploy(page, "2.7.0", 5);
  await expect(page.getByText("rolled back").first()).toBeVisible({ timeout: 90_000 });
  await expectAccessible(page);
  await page
    .getByRole("link", { name: /the incident it opened/ })
    .first()
    .click();
  await expect(page).toHaveURL(/\/incidents\//);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("checkout");
  await expect(page.getByText(/2\.7\.0/).first()).toBeVisible();
  await expectAccessible(page);
  expect(await serverErrors(page, "2.7.0")).toBe(0);
  await page.goto("/services/checkout?env=production");
  await expect(page.getByRole("table", { name: /instances/i })).toContainText("2.4.1");
  await expect(page.getByRole("table", { name: /instances/i })).not.toContainText("2.7.0");
});

test("the incident is acknowledged and resolved", async ({ page }) => {
  await page.goto("/incidents");
  await page
    .getByRole("link", { name: /2\.7\.0/ })
    .first()
    .click();
  await expectLive(page);
  await page.getByRole("button", { name: /^Acknowledge/ }).click();
  await expect(page.getByText("acknowledged").first()).toBeVisible();
  await page.getByRole("button", { name: /^Resolve/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").first().fill("2.7.0 stays away until it answers its readiness check");
  await dialog.getByRole("button", { name: /^Resolve/ }).click();
  await expect(page.getByText("resolved").first()).toBeVisible();
});
