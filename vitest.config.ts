import { defineConfig } from "vitest/config";
import { PROJECTS, projectFiles } from "./scripts/test/projects.ts";
import { TestOrder } from "./server/testing/test-order.ts";

process.env.TZ = "Asia/Kathmandu"; // a zone off by 45 minutes shows every time-zone slip

const files = projectFiles("{server,mcp,components,app,scripts,bench,examples}/**/*.test.{ts,tsx}");

/** what a project does not inherit */
const each = {
  pool: "forks",
  // four times what the slowest needs alone; a longer test names its own limit
  testTimeout: 120_000,
  hookTimeout: 240_000,
  // what is polled for comes when it comes: on a busy machine one second is short
  expect: { poll: { timeout: 60_000 } },
} as const;
const withDatabase = { ...each, globalSetup: ["server/testing/global-setup.ts"] };

export default defineConfig({
  test: {
    // of one run of all files; `npm test` makes two runs with workers of their own, see scripts/test/stages.ts
    maxWorkers: 5,
    sequence: { sequencer: TestOrder },
    projects: [
      { test: { ...each, name: PROJECTS.pure, include: files.pure, isolate: false } },
      { test: { ...withDatabase, name: PROJECTS.database, include: files.database, isolate: false } },
      { test: { ...withDatabase, name: PROJECTS.ownProcess, include: files.ownProcess } },
    ],
  },
});
