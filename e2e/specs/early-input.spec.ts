import type { Page } from "@playwright/test";
import { ADMIN, appState } from "../fixtures/state.ts";
import { expect, test, withoutScripts } from "../fixtures/test.ts";

/** A page is drawn before its scripts run, on a slow line seconds before: what is done meanwhile is kept. */

/** Opens a page and presses one of its buttons; on a busy server what it shows may come by the scripts alone: again. */
async function pressEarly(page: Page, path: string, name: string | RegExp): Promise<void> {
  await expect(async () => {
    await page.goto(path, { waitUntil: "commit" });
    await page.getByRole("main").getByRole("button", { name }).click({ timeout: 5_000 });
  }).toPass({ timeout: 120_000 });
}

test("a button that is pressed before the scripts came does what it says, once", async ({ page }) => {
  const release = await withoutScripts(page);
  await pressEarly(page, "/services/checkout?env=staging", "Lock…");
  await page.getByRole("main").getByRole("button", { name: "Lock…" }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  release();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("button", { name: "Lock checkout in staging" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
});

test("a menu that is pressed before the scripts came opens", async ({ page }) => {
  const release = await withoutScripts(page);
  await pressEarly(page, "/services", /^Columns and export/);
  release();
  await expect(page.getByRole("menu")).toBeVisible();
});

test("what is typed before the scripts came is kept, and a search that is sent is made", async ({ page }) => {
  const release = await withoutScripts(page);
  await page.goto("/services", { waitUntil: "commit" });
  await page.getByRole("searchbox", { name: "Filter the services" }).fill("payments");
  release();
  const rows = page.locator("a[data-row-link]");
  await expect(rows.filter({ hasText: "payments" }).first()).toBeVisible();
  await expect(rows.filter({ hasText: "checkout" })).toHaveCount(0);
  await expect(page.getByRole("searchbox", { name: "Filter the services" })).toHaveValue("payments");
  await page.unrouteAll();

  const releaseAgain = await withoutScripts(page);
  await page.goto("/logs", { waitUntil: "commit" });
  const box = page.getByLabel("Search the lines");
  await box.fill("level:error");
  await box.press("Enter");
  releaseAgain();
  await expect(page).toHaveURL(/query=level/);
  await expect(box).toHaveValue("level:error");
});

test.describe("of nobody who is signed in", () => {
  test.use({ storageState: { cookies: [], origins: [] } });

  const fill = async (page: Page): Promise<void> => {
    await page.getByLabel(/e-?mail/i).fill(ADMIN.email);
    await page.getByLabel("Password").fill(ADMIN.password);
    await page.getByLabel("Password").press("Enter");
  };

  test("a password that is sent before the scripts came signs in, and never stands in the address", async ({
    page,
  }) => {
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    const release = await withoutScripts(page);
    await page.goto("/sign-in?next=%2Fhealth", { waitUntil: "commit" });
    await fill(page);
    release();
    await expect(page).toHaveURL(`${appState().url}/health`);
    expect(asked.filter((url) => url.includes("password="))).toEqual([]);
  });

  test("without any script the form is sent in a body, and the page says that it needs scripts", async ({
    browser,
  }) => {
    const context = await browser.newContext({ javaScriptEnabled: false, baseURL: appState().url });
    const page = await context.newPage();
    await page.goto("/sign-in");
    const sent = page.waitForResponse((response) => response.request().isNavigationRequest());
    await fill(page);
    const response = await sent;
    expect(response.request().method()).toBe("POST");
    expect(response.url()).toBe(`${appState().url}/sign-in`);
    expect(response.status()).toBe(200);
    expect(await response.text()).toContain("This console needs scripts.");
    await context.close();
  });
});
