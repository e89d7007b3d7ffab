import { defineConfig } from "vitest/config";
import { OWN_PROCESS, SHARED_PROCESS, sharingTests } from "./scripts/test/shared-process.ts";
import { TestOrder } from "./server/testing/test-order.ts";

process.env.TZ = "Asia/Kathmandu"; // a zone off by 45 minutes shows every time-zone slip

const FILES = "{server,mcp,components,app,scripts,bench,examples}/**/*.test.{ts,tsx}";
const sharing = sharingTests(FILES);

/** what a project does not inherit; the database of the whole run, which root starts, is given to both */
const each = {
  pool: "forks",
  // four times what the slowest needs alone; a longer test names its own limit
  testTimeout: 120_000,
  hookTimeout: 240_000,
  // what is polled for comes when it comes: on a busy machine one second is short
  expect: { poll: { timeout: 60_000 } },
} as const;

export default defineConfig({
  test: {
    globalSetup: ["server/testing/global-setup.ts"],
    // of one run of all files; `npm test` makes two runs with workers of their own, see scripts/test/stages.ts
    maxWorkers: 5,
    sequence: { sequencer: TestOrder },
    projects: [
      { test: { ...each, name: SHARED_PROCESS, include: sharing, isolate: false } },
      { test: { ...each, name: OWN_PROCESS, include: [FILES], exclude: [...sharing, "**/node_modules/**"] } },
    ],
  },
});
