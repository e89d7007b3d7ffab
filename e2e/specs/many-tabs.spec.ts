import type { BrowserContext, Page, Request } from "@playwright/test";
import { ADMIN, appState } from "../fixtures/state.ts";
import { expect, expectLive, test } from "../fixtures/test.ts";

const STREAM = /\/api\/trpc\/live\.events/;

/** How many event streams the pages of a browser have open now. */
function openStreams(context: BrowserContext): () => number {
  const open = new Set<Request>();
  context.on("request", (request) => void (STREAM.test(request.url()) && open.add(request)));
  const ended = (request: Request) => void open.delete(request);
  context.on("requestfinished", ended);
  context.on("requestfailed", ended);
  // a page that is closed while its stream opens says of it neither
  return () => [...open].filter((request) => !request.frame().page().isClosed()).length;
}

/** How the page is told that it is hidden; a browser without a window shows every page. */
const setVisibility = (page: Page, state: "visible" | "hidden") =>
  page.evaluate((now) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => now });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);

test("eight tabs of one browser are live over one stream, and every one loads and reloads", async ({ context }) => {
  const streams = openStreams(context);
  const tabs: Page[] = [];
  for (let n = 1; n <= 8; n++) {
    const page = await context.newPage();
    await page.goto("/audit", { timeout: 30_000 });
    await expectLive(page);
    tabs.push(page);
  }
  await expect.poll(streams).toBe(1);

  const [first, ...others] = tabs as [Page, ...Page[]];
  await first.reload({ timeout: 30_000 });
  await expectLive(first);
  await expect.poll(streams).toBe(1);

  for (const page of others) await page.close();
  await expectLive(first);
  await expect.poll(streams).toBe(1);
});

test("a hidden tab gives its stream up, and catches up when it is seen again", async ({ context, page }) => {
  const open = openStreams(context);
  await page.goto("/audit");
  await expectLive(page);
  await expect.poll(open).toBe(1);

  await setVisibility(page, "hidden");
  await expect.poll(open).toBe(0);
  await expect(page.getByRole("banner").getByText("connection lost")).toHaveCount(0);

  const readAgain = page.waitForResponse((response) => response.url().includes("audit.list"));
  await setVisibility(page, "visible");
  expect((await readAgain).ok()).toBe(true);
  await expectLive(page);
  expect(open()).toBe(1);
});

/** Posts with the browser's session, and says of no page that it does. */
async function post(context: BrowserContext, path: string, data: object) {
  const { url } = appState();
  const response = await context.request.post(`${url}/api/${path}`, { data, headers: { origin: url } });
  expect(response.ok(), path).toBe(true);
  return response.json();
}

test("what happens before a page's stream is open is on the page all the same", async ({ context, page }) => {
  const released = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await page.route(STREAM, async (route) => {
    asked.resolve();
    await released.promise;
    await route.continue();
  });
  await page.goto("/incidents");
  await asked.promise;
  const title = `Nobody waited for the stream ${Date.now()}`;
  await post(context, "trpc/incidents.manage", { action: "create", title });
  released.resolve();
  await expect(page.getByText(title).first()).toBeVisible();
});

test("tabs of one person do nothing in the name of another who signs in beside them", async ({ browser }) => {
  // a session of its own: signing out must not end the one that the other tests share
  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } });
  try {
    await post(context, "auth/sign-in/email", { email: ADMIN.email, password: ADMIN.password });
    const bob = { name: "Bob Stone", email: "bob@example.com", role: "operator" };
    const { oneTimePassword } = (await post(context, "trpc/users.create", bob)).result.data;
    const [acting, other] = [await context.newPage(), await context.newPage()];
    await acting.goto("/incidents?new=1");
    await other.goto("/audit");
    await expectLive(other);
    const dialog = acting.getByRole("dialog");
    await dialog.getByLabel("Title").fill("opened by whom?");

    // Bob's session takes the place of hers, which ends at once: at no moment has the browser none
    const hers = await browser.newContext({ storageState: await context.storageState() });
    await post(context, "auth/sign-in/email", { email: bob.email, password: oneTimePassword });
    await post(hers, "auth/sign-out", {});
    await hers.close();
    // the tab is stopped as it acts, unless it was loaded anew for Bob before: he has to choose a password first
    const act = dialog.getByRole("button", { name: /^Open the incident/ });
    await act.click({ timeout: 5_000 }).catch(() => undefined);
    const ofBob = acting.getByText("Choose a password");
    await expect(dialog.getByText("You are signed in as somebody else now").or(ofBob)).toBeVisible();
    await expect(ofBob).toBeVisible();
    // nobody acts in it: it learns by its stream, which ends within 30 s of the rights, and loads anew
    await expect(other.getByText("Choose a password")).toBeVisible({ timeout: 90_000 });
  } finally {
    await context.close();
  }
});

test("who signs in in one tab is signed in in the others, each at its own place", async ({ browser }) => {
  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } });
  try {
    const [one, other] = [await context.newPage(), await context.newPage()];
    for (const [page, path] of [
      [one, "/health"],
      [other, "/incidents"],
    ] as const) {
      await page.goto(path);
      await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    }
    await one.getByLabel(/e-?mail/i).fill(ADMIN.email);
    await one.getByLabel("Password").fill(ADMIN.password);
    await one.getByRole("button", { name: "Sign in" }).click();
    await expect(one.getByRole("heading", { level: 1, name: "Health" })).toBeVisible();
    await expect(other.getByRole("heading", { level: 1, name: "Incidents" })).toBeVisible();
  } finally {
    await context.close();
  }
});
