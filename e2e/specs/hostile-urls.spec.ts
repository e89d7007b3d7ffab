import { PAGES } from "../fixtures/pages.ts";
import { expect, test } from "../fixtures/test.ts";

/** Nothing that stands in a URL may end in a fault: odd values are left out or refused, wherever they stand. */

const QUERIES = [
  "env=%ZZ&tab=%00&range=%ED%A0%80&sort=%",
  "env[]=x&env=a&env=b&service[]=x&tab=nothing&range=nothing&sort=nothing.up&hide=nothing",
  `env=${"a".repeat(3_000)}&service=${"b".repeat(3_000)}&query=${"c".repeat(3_000)}`,
  "from=now-999999w&to=now-999998w&min=1e309&max=-1&limit=NaN",
  "from=9999-12-31T23:59:59Z&to=0000-01-01T00:00:00Z&compare=maybe&panels=~~~&source=x",
  "query=%E2%80%AE%00&level=loud&view=none&next=%2F%09%2F%5B&__proto__=x&constructor=y",
];
const PATHS = [...new Set(PAGES.map((path) => path.split("?")[0] ?? "/"))];
const ONE_OF_A_KIND = ["/services", "/incidents", "/deployments", "/health", "/traces"];
const NAMES = ["%ZZ", "%00", "%ED%A0%80", "%2e%2e%2f", "a".repeat(2_000), "%25ZZ", "%E2%80%AE"];
const API = ["/api/trpc/incidents.list", "/api/mcp", "/api/auth/x", "/api/setup", "/v1/logs", "/metrics", "/healthz"];

for (const path of [...PATHS, "/sign-in", "/setup"])
  test(`${path} bears any query`, async ({ page }) => {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    for (const query of QUERIES) {
      const response = await page.goto(`${path}?${query}`);
      expect(response?.status(), query).toBeLessThan(500);
      await expect(page.locator("h1").first()).toBeVisible();
    }
    expect(errors).toEqual([]);
  });

test("a page of one thing bears any name, and every API route any URL", async ({ page }) => {
  for (const kind of ONE_OF_A_KIND)
    for (const name of NAMES) {
      const { status } = await page.request.get(`${kind}/${name}`).then((answer) => ({ status: answer.status() }));
      expect(status, `${kind}/${name.slice(0, 20)}`).toBeLessThan(500);
    }
  for (const route of API)
    for (const odd of [...NAMES.map((name) => `/${name}`), ...QUERIES.map((query) => `?${query}`)]) {
      const answer = await page.request.get(`${route}${odd}`);
      expect(answer.status(), `${route}${odd.slice(0, 40)}`).not.toBe(500);
    }
});
