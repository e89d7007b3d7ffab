import type { BrowserContext, Page, Request } from "@playwright/test";
import { expect, expectLive, test } from "../fixtures/test.ts";

const STREAM = /\/api\/trpc\/live\.events/;

/** The event streams that the pages of a browser have open now. */
function openStreams(context: BrowserContext): ReadonlySet<Request> {
  const open = new Set<Request>();
  context.on("request", (request) => void (STREAM.test(request.url()) && open.add(request)));
  const ended = (request: Request) => void open.delete(request);
  context.on("requestfinished", ended);
  context.on("requestfailed", ended);
  return open;
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
  await expect.poll(() => streams.size).toBe(1);

  const [first, ...others] = tabs as [Page, ...Page[]];
  await first.reload({ timeout: 30_000 });
  await expectLive(first);
  await expect.poll(() => streams.size).toBe(1);

  for (const page of others) await page.close();
  await expectLive(first);
  await expect.poll(() => streams.size).toBe(1);
});

test("a hidden tab gives its stream up, and catches up when it is seen again", async ({ context, page }) => {
  const open = openStreams(context);
  await page.goto("/audit");
  await expectLive(page);
  await expect.poll(() => open.size).toBe(1);

  await setVisibility(page, "hidden");
  await expect.poll(() => open.size).toBe(0);
  await expect(page.getByRole("banner").getByText("connection lost")).toHaveCount(0);

  const readAgain = page.waitForResponse((response) => response.url().includes("audit.list"));
  await setVisibility(page, "visible");
  expect((await readAgain).ok()).toBe(true);
  await expectLive(page);
  expect(open.size).toBe(1);
});
