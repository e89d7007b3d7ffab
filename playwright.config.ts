import { defineConfig } from "@playwright/test";

/**
 * One file after the other, in the order of their names: a pattern is new only once, and a version without errors is
 * told by there being none before others deploy bad ones.
 */
const DEPLOYMENTS = "deploy-*.spec.ts";
/** They take away what the others look at. */
const DISTURBANCES = ["killed-process.spec.ts"];
const chromium = process.env.OPERATE_CHROMIUM;

/** The built app, once, with the sample system on an empty data directory; see e2e/fixtures/run-app.ts. */
export default defineConfig({
  testDir: "e2e/specs",
  outputDir: "test-results",
  globalSetup: "./e2e/fixtures/run-app.ts",
  timeout: 240_000,
  expect: { timeout: 30_000 },
  // one system is operated, its deployments and incidents are shared: one browser deploys, the other looks at pages
  workers: 2,
  reporter: [["list"], ["json", { outputFile: "test-results/e2e.json" }]],
  use: {
    browserName: "chromium",
    viewport: { width: 1440, height: 900 },
    // a trace costs a quarter of the browser's time: `OPERATE_E2E_TRACE=1` keeps one of each test that fails
    trace: process.env.OPERATE_E2E_TRACE ? "retain-on-failure" : "off",
    contextOptions: { reducedMotion: "reduce" }, // what pulses would be drawn 60 times a second by the processor
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
    { name: "deployments", testMatch: DEPLOYMENTS, dependencies: ["first run"], workers: 1 },
    {
      name: "console",
      testIgnore: ["first-run.spec.ts", DEPLOYMENTS, ...DISTURBANCES],
      dependencies: ["first run"],
    },
    { name: "disturbances", testMatch: DISTURBANCES, dependencies: ["deployments", "console"] },
  ],
});
