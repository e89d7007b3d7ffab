import type { Locator, Page } from "@playwright/test";
import { expect, expectAccessible, expectLive, test } from "../fixtures/test.ts";

/** From a figure to what is behind it: a chart, an example trace, its log lines; the map; any metric. */

const ARRIVES = { timeout: 90_000 };
const chart = (page: Page, title: string): Locator =>
  page.getByRole("slider", { name: new RegExp(`^${title}, last|^${title}, \\d`) });

async function drag(page: Page, over: Locator, from: [number, number], to: [number, number]) {
  await over.scrollIntoViewIfNeeded();
  const box = await over.boundingBox();
  if (!box) throw new Error("it has no place");
  await page.mouse.move(box.x + box.width * from[0], box.y + box.height * from[1]);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * to[0], box.y + box.height * to[1], { steps: 4 });
  await page.mouse.up();
}

async function openService(page: Page, query = "") {
  await page.goto(`/services/checkout?env=production&from=now-15m&to=now${query}`);
  await expectLive(page);
  await expect(chart(page, "Latency")).toBeVisible(ARRIVES);
}

test("from a service's latency to an example trace, its waterfall and its log lines", async ({ page }) => {
  await openService(page);
  await chart(page, "Latency").focus();
  const examples = page.getByRole("dialog", { name: "Example traces of checkout" });
  await expect(async () => {
    await chart(page, "Latency").focus();
    await page.keyboard.press("End");
    for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    await expect(examples).toBeVisible({ timeout: 3_000 });
    await expect(examples.getByRole("listitem").first()).toBeVisible({ timeout: 5_000 });
  }).toPass(ARRIVES);
  await expectAccessible(page);
  await examples.getByRole("link").first().click();
  await page.waitForURL(/\/traces\/[0-9a-f]{32}/);

  const tree = page.getByRole("tree", { name: "Spans of the trace" });
  await expect(tree.getByRole("treeitem").first()).toBeVisible();
  await tree.focus();
  await page.keyboard.press("ArrowDown");
  await expect(page).toHaveURL(/span=/);
  const shown = await tree.getByRole("treeitem").count();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowLeft");
  await expect(tree.getByRole("treeitem")).toHaveCount(1);
  await page.keyboard.press("ArrowRight");
  await expect(tree.getByRole("treeitem")).toHaveCount(shown);
  await expect(page.getByRole("heading", { name: "Attributes" })).toBeVisible();
  await expectAccessible(page);

  await page.getByRole("link", { name: "Logs of this trace" }).click();
  await page.waitForURL(/\/logs\?.*trace/);
  await expect(page.locator("[data-line]").first()).toBeVisible(ARRIVES);
});

test("a drag over one chart zooms them all, the back button undoes it, and before is drawn beside now", async ({
  page,
}) => {
  await openService(page);
  await drag(page, chart(page, "Requests"), [0.5, 0.5], [0.95, 0.5]);
  await expect(page).toHaveURL(/from=\d{4}-/);
  await expect(page.getByRole("button", { name: "Zoom out" })).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(/from=now-15m/);
  await expect(page.getByRole("button", { name: "Zoom out" })).toBeHidden();

  await chart(page, "Errors").focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/from=\d{4}-/);
  await page.getByRole("button", { name: "15m", exact: true }).click();

  await page.getByRole("button", { name: "Compare with before" }).click();
  await expect(page).toHaveURL(/compare=true/);
  await expect(page.getByText("p95 before", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Latency as a table" }).click();
  await expect(page.getByRole("region", { name: "Latency, numbers" })).toContainText("p95 before");
  await expectAccessible(page);
});

test("a link from before, with its range in another word, shows the same range", async ({ page }) => {
  await page.goto("/services/checkout?env=production&range=6h");
  await expect(page).toHaveURL(/from=now-6h/);
  await expect(page.getByRole("button", { name: "6h", exact: true })).toHaveAttribute("aria-pressed", "true");
});

test("traces: filters narrow the list, the picture zooms in time and duration, a row opens", async ({ page }) => {
  await page.goto("/traces?env=production&from=now-15m&to=now");
  await expectLive(page);
  const table = page.getByRole("table", { name: "Traces, newest first" });
  await expect(table.getByRole("link").first()).toBeVisible(ARRIVES);
  await page.getByLabel("Service").selectOption("payments");
  await expect(page).toHaveURL(/service=payments/);
  await page.getByLabel("At least").fill("5");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/min=5/);
  await expect(table.getByRole("link").first()).toBeVisible();
  await expectAccessible(page);

  await drag(page, page.getByRole("img", { name: /^Duration over time/ }), [0.4, 0.1], [0.99, 0.95]);
  await expect(page).toHaveURL(/from=\d{4}-/);
  await page.goBack();
  await expect(page).not.toHaveURL(/from=\d{4}-/);
  await page.getByRole("button", { name: "Clear all" }).click();
  await expect(page).not.toHaveURL(/service=/);
  await expect(table.getByRole("link").first()).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/traces\/[0-9a-f]{32}/);
  await expect(page.getByRole("tree", { name: "Spans of the trace" })).toBeVisible();
});

test("a trace that is not there says how long spans are kept", async ({ page }) => {
  await page.goto("/traces/0123456789abcdef0123456789abcdef");
  await expect(page.getByText("This trace is not there")).toBeVisible();
  await expect(page.getByText(/keeps spans for \d+.days?/)).toBeVisible();
  await expectAccessible(page);
});

test("the map: who calls whom, and from a service on it to its page", async ({ page }) => {
  await page.goto("/map?env=production");
  await expectLive(page);
  const map = page.getByRole("region", { name: /^Service map/ });
  const checkout = map.getByRole("button", { name: /checkout/ });
  await expect(checkout).toBeVisible(ARRIVES);
  await map.focus();
  await page.keyboard.press("+");
  await page.keyboard.press("0");
  await checkout.click();
  await expect(page).toHaveURL(/node=checkout/);
  await expect(page.getByRole("heading", { name: "Calls", exact: true })).toBeVisible();
  await expectAccessible(page);

  await page.getByRole("button", { name: "Table", exact: true }).click();
  const calls = page.getByRole("table", { name: "Calls between services" });
  await expect(calls.getByRole("row").filter({ hasText: "gateway" }).first()).toBeVisible();
  await expectAccessible(page);
  await page
    .getByRole("navigation", { name: "Pages about checkout" })
    .getByRole("link", { name: "Service", exact: true })
    .click();
  await expect(page.getByRole("heading", { level: 1, name: "checkout" })).toBeVisible();
});

test("Operate is a service like any other: listed by what it sends, with its figures, logs and traces", async ({
  page,
}) => {
  await page.goto("/services");
  const observed = page.getByRole("row").filter({ hasText: "not configured" });
  await observed.getByRole("link", { name: "operate" }).click();
  await expect(page).toHaveURL(/\/services\/operate$/);
  await expect(page.getByText("known by what it sends")).toBeVisible();
  await expect(page.getByText("template otel-http")).toBeVisible(ARRIVES);
  for (const title of ["Requests", "Errors", "Latency", "Saturation", "CPU", "Memory"])
    await expect(chart(page, title)).toBeVisible(ARRIVES);
  await page.getByRole("navigation", { name: "Pages about operate" }).getByRole("link", { name: "Traces" }).click();
  await expect(page).toHaveURL(/\/traces\?service=operate/);
  await expect(page.getByRole("table").getByRole("link").first()).toBeVisible(ARRIVES);

  await page.goto("/services/nobody");
  await expect(page.getByText("There is no service nobody").first()).toBeVisible();
});

test("metrics: picked by name, split by a label, filtered, kept in the URL", async ({ page }) => {
  await page.goto("/metrics-explorer?from=now-15m&to=now");
  await expectLive(page);
  const picker = page.getByRole("region", { name: "Panel 1" });
  await expect(picker.getByRole("listitem").first()).toBeVisible(ARRIVES);
  await expectAccessible(page);
  const name = (await picker.getByRole("listitem").first().locator(".num").first().innerText()).trim();
  await picker.getByRole("listitem").first().getByRole("button").click();
  await expect(page).toHaveURL(/panels=/);
  const lines = page.getByRole("table", { name: "Lines of the chart" });
  await expect(lines.getByRole("row").nth(1)).toBeVisible();
  await page.getByRole("group", { name: "A line for each" }).getByRole("button").first().click();
  await expect(page).toHaveURL(/%22g%22|"g"/);
  await expect(lines.getByRole("row").nth(1)).toBeVisible();
  await expectAccessible(page);

  await lines.getByRole("button", { pressed: true }).first().click();
  await expect(lines.getByRole("button", { pressed: false }).first()).toBeVisible();
  await page.reload();
  await expect(page.getByRole("button", { name, exact: true })).toBeVisible();
  await expect(lines.getByRole("button", { pressed: false }).first()).toBeVisible();
  await page.getByRole("button", { name: "Add a panel" }).click();
  await expect(page.getByRole("region", { name: "Panel 2" })).toBeVisible();
});
