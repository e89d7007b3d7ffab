import { readFile } from "node:fs/promises";
import { expect, expectAccessible, expectLive, test } from "../fixtures/test.ts";

const TABLE = { name: "Services, worst first" };
const MENU = { name: "Columns and export of Services, worst first" };

test("a table's columns are chosen in its menu and kept in the URL", async ({ page }) => {
  await page.goto("/services?env=production");
  await expectLive(page);
  const head = page.getByRole("table", TABLE).getByRole("columnheader");
  await expect(head.filter({ hasText: "p95, 5 min" })).toHaveCount(1);
  const columns = await head.allTextContents();

  await page.getByRole("button", MENU).click();
  await expect(page.getByRole("menuitemcheckbox", { name: "Service" }), "it has the row's link").toBeDisabled();
  await page.getByRole("menuitemcheckbox", { name: "p95", exact: true }).click();
  await expect(head).toHaveText(columns.filter((name) => name !== "p95, 5 min"));
  await expect(page.getByRole("menu"), "more than one can be chosen").toBeVisible();
  await expect(page).toHaveURL(/[?&]hide=p95(&|$)/);
  await expectAccessible(page);

  await page.reload();
  await expect(head).toHaveText(columns.filter((name) => name !== "p95, 5 min"));

  await expectLive(page);
  await page.getByRole("button", MENU).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menu")).toBeVisible();
  await page.keyboard.type("p95");
  await expect(page.getByRole("menuitemcheckbox", { name: "p95", exact: true })).toBeFocused();
  await page.keyboard.press("Enter"); // a space would still be part of the name looked for
  await expect(head).toHaveText(columns);
  await expect(page, "nothing to say when all are shown").not.toHaveURL(/hide=/);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", MENU)).toBeFocused();
});

test("a table's rows are downloaded as CSV, without what is hidden and in the order shown", async ({ page }) => {
  await page.goto("/services?env=production&sort=service.desc&hide=p95,trend");
  await expectLive(page);
  const links = page.getByRole("table", TABLE).locator("[data-row-link]");
  await expect(links.filter({ hasText: "checkout" })).toHaveCount(1);
  await page.getByRole("button", MENU).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: /^Download \d+\srows as CSV$/ }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^services-worst-first-\d{4}-\d\d-\d\dT\d{6}Z\.csv$/);

  const text = await readFile(await download.path(), "utf8");
  const [head, ...lines] = text.replace("\ufeff", "").split("\r\n");
  expect(head).toBe(
    "Service,Environment,Configuration,Last seen,Status,Since,Why,Because of,Version,On its way,Ready,Wanted,Req/s,Errors (%),Incident",
  );
  const services = lines.filter(Boolean).map((line) => line.split(",")[0]);
  const names = await links.allTextContents();
  expect(names.length, "the sample's services at least").toBeGreaterThanOrEqual(4);
  expect(services).toEqual(names);
  expect(lines).toContainEqual(expect.stringMatching(/^checkout,production,/));
  expect(names).toEqual([...names].sort().reverse());
});
