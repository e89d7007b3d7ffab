import { defineConfig } from "@playwright/test";

/** A pattern is new only once, and a version without errors is told by there being none: before others deploy bad ones. */
const FIRST_DEPLOYMENTS = ["deploy-and-break.spec.ts"];
const FIRST_BAD_VERSION = ["telemetry.spec.ts"];
/** They change what the first ones look for. */
const DEPLOYMENTS = ["deploy-strategies.spec.ts"];
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
  // one system is operated: its deployments and incidents are shared, so what changes them runs in an order of projects,
  // and beside it the console's pages, one file after the other
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
    { name: "first deployments", testMatch: FIRST_DEPLOYMENTS, dependencies: ["first run"] },
    { name: "first bad version", testMatch: FIRST_BAD_VERSION, dependencies: ["first deployments"] },
    { name: "deployments", testMatch: DEPLOYMENTS, dependencies: ["first bad version"] },
    {
      name: "console",
      testIgnore: ["first-run.spec.ts", ...FIRST_DEPLOYMENTS, ...FIRST_BAD_VERSION, ...DEPLOYMENTS, ...DISTURBANCES],
      dependencies: ["first run"],
    },
    { name: "disturbances", testMatch: DISTURBANCES, dependencies: ["deployments", "console"] },
  ],
});
