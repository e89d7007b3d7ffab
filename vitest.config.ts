import { defineConfig } from "vitest/config";
import { LongestFirst } from "./server/testing/longest-first.ts";

process.env.TZ = "Asia/Kathmandu"; // a zone off by 45 minutes shows every time-zone slip

export default defineConfig({
  test: {
    include: ["{server,mcp,components,app,scripts,bench,examples}/**/*.test.{ts,tsx}"],
    globalSetup: ["server/testing/global-setup.ts"],
    pool: "forks",
    // a file waits for processes and sockets for about half of its time: four keep two cores busy, six make each other late
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    // four times what the slowest needs alone; a longer test names its own limit
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // what is polled for comes when it comes: on a busy machine one second is short
    expect: { poll: { timeout: 20_000 } },
  },
});
