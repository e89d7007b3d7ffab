import type { Page } from "@playwright/test";
import { afterThePlan, expect, test } from "../fixtures/test.ts";

/** A phone's processor: what waits for an effect or a timer then comes late enough to be overtaken by a click. */
const SLOWDOWN = 6;

/** Only what is tried is slow: while a page is slowed down, the browser burns a whole core. */
async function slowly(page: Page, work: () => Promise<void>): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
  await work();
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  await devtools.detach();
}

/** The page's scripts run; with patience for a slow processor. */
async function expectLive(page: Page): Promise<void> {
  await expect(page.getByRole("banner").getByRole("button", { name: /^live/ })).toBeVisible({ timeout: 60_000 });
}

interface Place {
  service: string;
  environment: string;
}

/** The page names the service and the environment, and goes on naming them. */
async function expectPlace(page: Page, { service, environment }: Place): Promise<void> {
  const url = (at: URL) => at.pathname === `/services/${service}` && at.searchParams.get("env") === environment;
  await page.waitForURL(url, { timeout: 60_000 });
  const main = page.getByRole("main");
  await expect(main.getByRole("heading", { level: 1, name: service, exact: true })).toBeVisible({ timeout: 60_000 });
  await expect(main.getByText(environment, { exact: true }).first()).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("banner").getByText(environment, { exact: true })).toBeVisible();
  await expect(main.getByRole("heading", { name: "Versions" })).toBeVisible({ timeout: 60_000 });
  expect(url(new URL(page.url())), `still ${service} in ${environment}, not ${page.url()}`).toBe(true);
}

const placeOf = (href: string): Place => {
  const url = new URL(href, "http://console.invalid");
  return { service: url.pathname.split("/")[2] ?? "", environment: url.searchParams.get("env") ?? "" };
};

for (const list of ["/", "/services"])
  for (const environment of ["staging", "production"])
    test(`a click on each service of ${environment} in ${list} opens it there, on a slow processor`, async ({
      page,
    }) => {
      test.setTimeout(600_000);
      await page.goto(list);
      await expectLive(page);
      const rows = page.locator(`a[data-row-link][href*="env=${environment}"]`);
      await expect(rows.first()).toBeVisible({ timeout: 60_000 });
      const hrefs = await rows.evaluateAll((links) => links.map((link) => link.getAttribute("href") ?? ""));
      expect(hrefs.length).toBeGreaterThan(1);
      for (const href of hrefs) {
        await slowly(page, async () => {
          await page.locator(`a[data-row-link][href="${href}"]`).click();
          await expectPlace(page, placeOf(href));
        });
        await page.goBack();
        await expect(page.locator(`a[data-row-link][href="${href}"]`)).toBeVisible({ timeout: 60_000 });
      }
    });

test("a click that follows the last letter of a filter at once is not lost", async ({ page }) => {
  test.setTimeout(240_000);
  for (const service of ["catalog", "payments"]) {
    await page.goto("/services");
    await expectLive(page);
    await slowly(page, async () => {
      await page.getByRole("searchbox", { name: "Filter the services" }).fill(service);
      await page.locator(`a[data-row-link][href="/services/${service}?env=staging"]`).click();
      await expectPlace(page, { service, environment: "staging" });
    });
  }
});

test("the palette opens the place that it names", async ({ page }) => {
  test.setTimeout(300_000);
  await page.goto("/");
  await expectLive(page);
  for (const place of [
    { service: "checkout", environment: "staging" },
    { service: "payments", environment: "staging" },
    { service: "checkout", environment: "production" },
  ]) {
    await slowly(page, async () => {
      await page.keyboard.press("ControlOrMeta+k");
      await page
        .getByRole("dialog")
        .getByPlaceholder(/A page, a service/)
        .fill(`${place.service} ${place.environment}`);
      await page.getByRole("option", { name: new RegExp(`^${place.service} ${place.environment}`) }).click();
      await expectPlace(page, place);
    });
  }
});

test("each link to a service on its neighbour's page leads where it says", async ({ page }) => {
  test.setTimeout(300_000);
  await page.goto("/services/checkout?env=staging");
  await expectPlace(page, { service: "checkout", environment: "staging" });
  const links = page.getByRole("main").locator('a[href^="/services/"]');
  const hrefs = await links.evaluateAll((found) => found.map((link) => link.getAttribute("href") ?? ""));
  expect(hrefs.length).toBeGreaterThan(0);
  for (const href of hrefs) {
    await slowly(page, async () => {
      await page.getByRole("main").locator(`a[href="${href}"]`).first().click();
      await expectPlace(page, placeOf(href));
    });
    await page.goBack();
    await expectPlace(page, { service: "checkout", environment: "staging" });
  }
});

test("without an environment in the URL a service is shown in one of them, and the URL stays as it was", async ({
  page,
}) => {
  await slowly(page, async () => {
    await page.goto("/services/checkout");
    await expect(page.getByRole("main").getByRole("heading", { name: "Versions" })).toBeVisible({ timeout: 60_000 });
    const environment = page.getByRole("main").getByText(/^(production|staging)$/);
    await expect(environment.first()).toBeVisible();
    await expectLive(page);
  });
  expect(new URL(page.url()).search).toBe("");
});

test("what acts names its environment, its version and its service", async ({ page }) => {
  test.setTimeout(180_000);
  await page.goto("/services/checkout?env=staging");
  await expectLive(page);
  const dialog = page.getByRole("dialog");
  const shut = async () => {
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
  };
  await page.getByRole("button", { name: "Deploy…", exact: true }).click();
  const versions = dialog.getByLabel("Version");
  const version =
    (await versions.locator("option:not([disabled]):not([value=''])").first().getAttribute("value")) ?? "";
  await versions.selectOption(version);
  await expect(await afterThePlan(dialog, `Deploy checkout ${version} to staging`)).toBeVisible();
  await shut();
  await page.getByRole("button", { name: "Lock…" }).click();
  await expect(dialog.getByRole("button", { name: "Lock checkout in staging" })).toBeVisible();
  await shut();
});

test("Esc gives the focus back to what opened a dialog, and a dialog of a form begins in its first field", async ({
  page,
}) => {
  await page.goto("/settings?tab=tokens");
  await expect(page.getByRole("banner").getByRole("button", { name: /^live/ })).toBeVisible();
  const opener = page.getByRole("main").getByRole("button", { name: "New token" });
  await opener.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByLabel("Name")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
});

test("a phone has the deploy dialog's actions in sight, and what they lead to fully above them", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/services/catalog?env=staging");
  const opener = page
    .getByRole("main")
    .getByRole("button", { name: /^Deploy/ })
    .first();
  await opener.click();
  const dialog = page.getByRole("dialog");
  const choice = dialog.getByLabel("Version");
  await choice.selectOption(
    await choice.locator("option:not(:disabled):not([value=''])").first().getAttribute("value"),
  );
  const read = dialog.getByRole("button", { name: "Read the plan", exact: true });
  await expect(read).toBeInViewport({ ratio: 1 });
  await read.click();
  await expect(dialog.getByRole("region", { name: "Plan" }).getByRole("heading")).toBeInViewport({ ratio: 1 });
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeInViewport({ ratio: 1 });
  await page.keyboard.press("Escape");
  await expect(opener).toBeFocused();
});
