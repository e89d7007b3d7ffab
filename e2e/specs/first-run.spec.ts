import { expect, test } from "@playwright/test";
import { ADMIN, ADMIN_SESSION, appState } from "../fixtures/state.ts";
import { expectAccessible, withoutScripts } from "../fixtures/test.ts";

test("the set-up link makes the first administrator, once, also by Enter before the scripts came", async ({
  page,
  context,
}) => {
  const { url, setupLink } = appState();
  await page.goto(url);
  await expect(page, "nobody has signed in yet").toHaveURL(/\/(setup|sign-in)/);

  await page.goto(setupLink);
  await expectAccessible(page);
  const release = await withoutScripts(page);
  await page.reload({ waitUntil: "commit" });
  await page.getByLabel("Name").fill(ADMIN.name);
  await page.getByLabel(/e-?mail/i).fill(ADMIN.email);
  await page.getByLabel("Password", { exact: false }).first().fill(ADMIN.password);
  await page.getByLabel("Password", { exact: false }).first().press("Enter");
  release();
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await context.storageState({ path: ADMIN_SESSION });

  const again = await page.request.post(`${url}/api/setup`, {
    data: { token: setupLink.split("=").at(-1), ...ADMIN, email: "eve@example.com" },
    headers: { origin: url },
  });
  expect(again.status(), "the link works once").toBe(410);
});

test("signing in needs the right password, and says nothing about which part was wrong", async ({ page }) => {
  const { url } = appState();
  await page.goto(`${url}/deployments`);
  await expect(page).toHaveURL(/\/sign-in/);
  await expectAccessible(page);
  const submit = async (email: string, password: string) => {
    await page.getByLabel(/e-?mail/i).fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
  };
  await submit(ADMIN.email, "wrong horse battery");
  const refusal = await page.getByRole("alert").filter({ hasText: /./ }).first().textContent();
  await submit("nobody@example.com", "wrong horse battery");
  await expect(page.getByRole("alert").filter({ hasText: /./ }).first()).toHaveText(refusal ?? "");
  await submit(ADMIN.email, ADMIN.password);
  await expect(page, "back to where they wanted to go").toHaveURL(/\/deployments/);
});
