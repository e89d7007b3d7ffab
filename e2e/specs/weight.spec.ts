import { gzipSync } from "node:zlib";
import type { APIRequestContext } from "@playwright/test";
import { PAGES } from "../fixtures/pages.ts";
import { expect, test } from "../fixtures/test.ts";

/** What a browser that knows modules loads before a page can be used, in bytes after gzip. */
async function firstScripts(request: APIRequestContext, path: string, sizes: Map<string, number>): Promise<number> {
  const html = await (await request.get(path)).text();
  const tags = [...html.matchAll(/<script\b[^>]*\bsrc="([^"]+)"[^>]*>/g)].filter(([tag]) => !/\bnomodule\b/i.test(tag));
  const files = new Set(tags.map(([, file]) => String(file)));
  for (const file of files)
    if (!sizes.has(file)) sizes.set(file, gzipSync(await (await request.get(file)).body()).length);
  return [...files].reduce((sum, file) => sum + (sizes.get(file) ?? 0), 0);
}

/** Pages about one thing: what they load does not depend on whether it is there. */
const ABOUT_ONE = [
  "/services/checkout?env=production",
  "/deployments/dep_unknown",
  "/incidents/inc_unknown",
  "/health/hc_unknown",
  `/traces/${"0".repeat(31)}1`,
];

test("no page needs more than 220 kB of scripts to be used", async ({ request }) => {
  const sizes = new Map<string, number>();
  for (const path of [...PAGES, ...ABOUT_ONE]) {
    const bytes = await firstScripts(request, path, sizes);
    expect(bytes, `${path} loads scripts`).toBeGreaterThan(50_000);
    expect.soft(bytes, path).toBeLessThanOrEqual(220_000);
  }
});
