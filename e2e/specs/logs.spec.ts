import type { Page } from "@playwright/test";
import { expect, expectAccessible, expectLive, test } from "../fixtures/test.ts";
import { tokenFor } from "../fixtures/token.ts";

/** What a person does with logs: see what is there, search, filter by a click, zoom, read around a line, follow. */

const rows = (page: Page) => page.locator("[data-line]");
const search = (page: Page) => page.getByRole("textbox", { name: "Search the lines" });

async function openLines(page: Page, query = "") {
  await page.goto(`/logs?tab=lines&env=production${query ? `&query=${encodeURIComponent(query)}` : ""}`);
  await expectLive(page);
  await expect(rows(page).first()).toBeVisible({ timeout: 60_000 });
}

test("patterns: what is there, one of them in full, named and pinned for everyone", async ({ page }) => {
  await page.goto("/logs?env=production");
  await expectLive(page);
  const table = page.getByRole("table", { name: "Patterns of the lines" });
  const pattern = table.getByRole("button", { name: /payment .* captured/ });
  await expect(pattern).toBeVisible({ timeout: 60_000 });
  await expectAccessible(page);

  await pattern.click();
  await expect(page).toHaveURL(/pattern=/);
  await expect(page.getByRole("heading", { name: "Sample lines" })).toBeVisible();
  await page.getByRole("button", { name: "Rename…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Money taken");
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Save the name in every environment" }).click();
  await expect(table.getByRole("button", { name: /Money taken/ })).toBeVisible();
  await page.getByRole("button", { name: "Pin", exact: true }).click();
  await expect(table.getByRole("row").filter({ hasText: "Money taken" }).getByText("pinned")).toBeVisible();

  await page.reload();
  await expect(table.getByRole("row").filter({ hasText: "Money taken" }).getByText("pinned")).toBeVisible();
  await page.getByRole("button", { name: "Show lines" }).last().click();
  await expect(page).toHaveURL(/tab=lines/);
  await expect(rows(page).first()).toContainText("captured");
});

test("an alert on a pattern is set in a dialog that says what it does", async ({ page }) => {
  await page.goto("/logs?env=production");
  await expectLive(page);
  await page
    .getByRole("table", { name: "Patterns of the lines" })
    .getByRole("button", { name: /cache refreshed/ })
    .click();
  await page.getByRole("button", { name: "Alert…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Lines, at least").fill("500");
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Alert on it in every environment" }).click();
  await expect(page.getByText("500 lines in 5 min open an incident, medium")).toBeVisible();
});

test("search: found words are marked, an error is explained at its column, the back button undoes", async ({
  page,
}) => {
  await openLines(page);
  await page.keyboard.press("/");
  await expect(search(page)).toBeFocused();
  await search(page).fill("captured");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/query=captured/);
  await expect(rows(page).first().locator("mark")).toHaveText("captured");

  await search(page).fill('captured "open');
  await page.keyboard.press("Enter");
  await expect(page.getByText(/^Column 10: /)).toBeVisible();
  await expect(search(page)).toHaveAttribute("aria-invalid", "true");
  await expectAccessible(page);
  await page.goBack();
  await expect(search(page)).toHaveValue("captured");
  await expect(rows(page).first().locator("mark")).toHaveText("captured");

  await search(page).fill("no such word anywhere");
  await page.keyboard.press("Enter");
  await expect(page.getByText("No line matches")).toBeVisible();
  await page.getByRole("button", { name: "Clear all" }).click();
  await expect(rows(page).first()).toBeVisible();
});

test("a line: opened by the keyboard, its fields filter, its neighbours are read around it", async ({ page }) => {
  await openLines(page, "captured");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Lines in context" })).toBeVisible();
  await expectAccessible(page);

  await page.getByRole("button", { name: "Lines in context" }).click();
  const drawer = page.getByRole("dialog", { name: "Lines in context" });
  await expect(drawer.locator("[aria-current=true]")).toContainText("captured");
  expect(await drawer.getByRole("listitem").count()).toBeGreaterThan(1);
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();

  await page.getByRole("button", { name: "Open the line" }).first().click();
  await page.getByRole("button", { name: "Only lines with this service", exact: true }).click();
  await expect(page).toHaveURL(/service=payments/);
  await page.getByRole("button", { name: "Open the line" }).first().click();
  await page.getByRole("button", { name: "No lines with this instance" }).click();
  await expect(page).toHaveURL(/-instance%3A|-instance:/);
});

test("a drag over the bars zooms, so does the keyboard, and the back button undoes it", async ({ page }) => {
  await openLines(page);
  const bars = page.getByRole("slider");
  const box = await bars.boundingBox();
  if (!box) throw new Error("the bars have no place");
  await page.mouse.move(box.x + box.width * 0.6, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.9, box.y + 30, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/from=\d{4}-/);
  await expect(page.getByRole("button", { name: /^Range: .* to / })).toBeVisible();
  await page.goBack();
  await expect(page).not.toHaveURL(/from=/);

  await bars.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/from=\d{4}-/);
  await page.getByRole("button", { name: "1h", exact: true }).click();
  await expect(page).not.toHaveURL(/from=/);
  await page.getByRole("button", { name: "Lines as a table" }).click();
  await expect(page.getByRole("region", { name: "Lines, numbers" })).toBeVisible();
});

test("live tail: new lines come by themselves, and wait below while older ones are read", async ({ page }) => {
  await openLines(page);
  await page.getByRole("button", { name: "Live tail" }).click();
  await expect(page).toHaveURL(/tail=true/);
  const list = page.getByRole("region", { name: "Live tail, newest last" });
  await expect(list.getByRole("listitem").first()).toBeVisible();
  const newest = () => list.getByRole("listitem").last().innerText();
  const before = await newest();
  await expect.poll(newest, { message: "the view follows" }).not.toBe(before);
  await expectAccessible(page);

  await list.evaluate((box) => box.scrollTo(0, box.scrollHeight / 3));
  await expect(page.getByRole("button", { name: /\d new lines?$/ })).toBeVisible({ timeout: 30_000 });
  await page.getByRole("button", { name: /\d new lines?$/ }).click();
  await expect(page.getByRole("button", { name: /\d new lines?$/ })).toBeHidden();
});

test("ingest: who sends what, and what to give a sender", async ({ page }) => {
  await page.goto("/ingest");
  await expect(page.getByRole("table", { name: "Senders" })).toContainText("checkout", { timeout: 60_000 });
  await page.getByRole("button", { name: "Prometheus", exact: true }).click();
  await expect(page.getByText("remote_write:")).toBeVisible();
  await expectAccessible(page);
});

test("a pattern of any length keeps to the width of its page", async ({ page, request }) => {
  const words = "warehouse shelf picker basket conveyor parcel label".split(" ");
  const line = (id: number) => words.map((word) => `${word} ${id}`).join(", then ");
  const now = BigInt(Date.now()) * 1_000_000n;
  const values = [101, 202, 303].map((id, index) => [String(now + BigInt(index)), line(id)]);
  const sent = await request.post("/api/ingest/loki/api/v1/push", {
    headers: { authorization: `Bearer ${await tokenFor(request, "ingest")}` },
    data: { streams: [{ stream: { service_name: "warehouse" }, values }] },
  });
  expect(sent.status(), await sent.text()).toBe(204);

  await page.setViewportSize({ width: 360, height: 900 });
  for (const path of ["/services/warehouse", "/logs?service=warehouse"]) {
    await expect(async () => {
      await page.goto(path); // what was sent is mined and counted in the background
      await expect(
        page.getByRole("link", { name: /shelf/ }).or(page.getByRole("button", { name: /shelf/ })),
      ).toBeVisible();
    }).toPass();
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow, `${path} scrolls sideways`).toBeLessThanOrEqual(0);
  }
});
