import { defineConfig } from "@playwright/test";

const FIRST_DEPLOYMENTS = ["deploy-and-break.spec.ts", "telemetry.spec.ts"];
const chromium = process.env.OPERATE_CHROMIUM;

/** The built app, once, with the sample system on an empty data directory; see e2e/fixtures/run-app.ts. */
export default defineConfig({
  testDir: "e2e/specs",
  outputDir: "test-results",
  globalSetup: "./e2e/fixtures/run-app.ts",
  timeout: 240_000,
  expect: { timeout: 30_000 },
  workers: 1, // one system is operated: its deployments and incidents are shared
  reporter: [["list"], ["json", { outputFile: "test-results/e2e.json" }]],
  use: {
    browserName: "chromium",
    viewport: { width: 1440, height: 900 },
    trace: "retain-on-failure",
    launchOptions: {
      ...(chromium ? { executablePath: chromium } : {}),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
      ],
    },
  },
  projects: [
    { name: "first run", testMatch: "first-run.spec.ts" },
    // a pattern is new only once, and a version without errors is told by there being none: before others deploy bad ones
    { name: "first deployments", testMatch: FIRST_DEPLOYMENTS, dependencies: ["first run"] },
    { name: "console", testIgnore: ["first-run.spec.ts", ...FIRST_DEPLOYMENTS], dependencies: ["first run"] },
  ],
});
