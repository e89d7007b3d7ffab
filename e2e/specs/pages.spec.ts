import { openCutProxy } from "../fixtures/cut-proxy.ts";
import { PAGES } from "../fixtures/pages.ts";
import { appState } from "../fixtures/state.ts";
import { expect, expectAccessible, expectLive, test } from "../fixtures/test.ts";

/** If the page scrolls sideways: the elements beyond its right edge, as tag and text. Runs in the browser. */
function tooWide(): string[] {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const beyond = [...document.body.querySelectorAll("*")].filter(
    (element) => element.getBoundingClientRect().right > clientWidth,
  );
  const words = beyond.map((element) => `${element.tagName.toLowerCase()}: ${element.textContent.trim().slice(0, 60)}`);
  return [`${scrollWidth} px`, ...words.slice(-5)];
}

for (const path of PAGES) {
  test(`${path} is accessible, calls no other host, and fits 360 to 2560 px`, async ({ page, baseURL }) => {
    const foreign: string[] = [];
    const errors: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(String(baseURL)) && !/^(data|blob):/.test(request.url()))
        foreign.push(request.url());
    });
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.locator("[data-skeleton]")).toHaveCount(0);
    await expectAccessible(page);
    for (const width of [360, 390, 768, 1440, 2560]) {
      await page.setViewportSize({ width, height: 900 });
      // charts are drawn anew a moment after their room has changed
      await expect.poll(() => page.evaluate(tooWide), `what reaches beyond ${width} px`).toEqual([]);
    }
    expect(foreign).toEqual([]);
    expect(errors).toEqual([]);
  });
}

test("a health check's own page, and a page that does not exist, are accessible", async ({ page }) => {
  await page.goto("/health");
  await page.getByRole("link", { name: "payments" }).first().click();
  await page.waitForURL(/\/health\/./);
  await expect(page.getByRole("heading", { level: 1, name: /payments/ })).toBeVisible();
  await expectAccessible(page);
  await page.goto("/nowhere");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expectAccessible(page);
});

test("keyboard: palette, jumps and help", async ({ page }) => {
  await page.goto("/");
  await expectLive(page);
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await expect(page).toHaveURL(/\/incidents/);
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill("health");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/health/);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  await expectAccessible(page);
});

test("a lost connection shows, reconnects and catches up without a reload", async ({ page, request }) => {
  const proxy = await openCutProxy();
  const connection = page.getByRole("banner").getByRole("button", { name: /live|reconnecting|lost|offline/i });
  await page.goto(`${proxy.url}/incidents`);
  await expect(connection).toHaveText(/^live/);

  proxy.cut();
  await expect(connection).not.toHaveText(/^live/, { timeout: 30_000 });
  await expect(page.getByRole("heading", { level: 1, name: "Incidents" }), "what is known stays").toBeVisible();
  const title = "Opened while the cable was out";
  const data = { action: "create", title, severity: "low" };
  const opened = await request.post("/api/trpc/incidents.manage", { data, headers: { origin: appState().url } });
  expect(opened.ok()).toBe(true);

  proxy.mend();
  await expect(connection).toHaveText(/^live/, { timeout: 60_000 });
  await expect(page.getByText(title)).toBeVisible();
  await proxy.close();
});

test("two tabs: what one does the other shows without a reload", async ({ page, context }) => {
  const other = await context.newPage();
  await other.goto("/incidents");
  await expectLive(other);
  await page.goto("/incidents?new=1");
  const title = "Checkout is slow for customers in two tabs";
  await page.getByRole("dialog").getByLabel("Title").fill(title);
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /^(Open|Create)/ })
    .click();
  await expect(other.getByText(title)).toBeVisible();
});
