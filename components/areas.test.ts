import { existsSync, globSync } from "node:fs";
import { basename, dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { LIVE_TOPICS } from "#server/agent/ports/live-feed.ts";
import { routeOf } from "#server/telemetry/http-metrics.ts";
import { PAGES as PAGES_OF_E2E } from "../e2e/fixtures/pages.ts";
import { AREAS, PAGES } from "./areas.ts";
import { isStaleAfter } from "./trpc/invalidation.ts";

const twice = (values: readonly string[]) => values.filter((value, at) => values.indexOf(value) !== at);
const ROUTES = "app/(console)";

describe("areas", () => {
  it("are all listed once, each called as its folder", async () => {
    const folders = globSync("components/*/area.tsx").map((file) => basename(dirname(file)));
    const areas = await Promise.all(folders.map(async (folder) => (await import(`./${folder}/area.tsx`))[folder]));
    expect(new Set(areas)).toEqual(new Set(AREAS));
    expect(areas).toHaveLength(AREAS.length);
  });

  it.each(LIVE_TOPICS)("refresh something after a hint of %s", (topic) => {
    const routers = AREAS.flatMap((area) => Object.keys(area.stale ?? {}));
    const stale = routers.filter((router) => isStaleAfter([[router, "any"]], [{ topic, subjectId: null }], AREAS));
    expect(stale).not.toEqual([]);
  });

  it("say of what their queries about one thing are", () => {
    const stray = AREAS.flatMap((area) =>
      Object.entries(area.aboutOne ?? {}).flatMap(([topic, routers]) =>
        Object.keys(routers).filter(
          (router) => !isStaleAfter([[router, "any"]], [{ topic, subjectId: null }], [{ stale: area.stale ?? {} }]),
        ),
      ),
    );
    expect(stray).toEqual([]);
  });
});

describe("pages in navigation", () => {
  it("have keys, addresses, names and places on the bar of their own", () => {
    expect(twice(PAGES.map((page) => page.key))).toEqual([]);
    expect(twice(PAGES.map((page) => page.href))).toEqual([]);
    expect(twice(PAGES.map((page) => page.label))).toEqual([]);
    expect(twice(PAGES.flatMap((page) => (page.onBar ? [String(page.onBar.place)] : [])))).toEqual([]);
  });

  it("are there", () =>
    expect(PAGES.filter((page) => !existsSync(`${ROUTES}${page.href}/page.tsx`)).map((page) => page.href)).toEqual([]));

  it("are visited by e2e", () => {
    const visited = new Set(PAGES_OF_E2E.map((path) => path.split("?")[0]));
    expect(PAGES.filter((page) => !visited.has(page.href)).map((page) => page.href)).toEqual([]);
  });
});

it("each page's requests are counted under its route", () => {
  const paths = globSync(`${ROUTES}/**/page.tsx`).map((file) => file.slice(ROUTES.length, -"/page.tsx".length));
  expect(paths.length).toBeGreaterThan(PAGES.length);
  expect(paths.filter((path) => routeOf(path) === "other")).toEqual([]);
});
