import { defineConfig } from "vitest/config";

process.env.TZ = "Asia/Kathmandu"; // a zone off by 45 minutes shows every time-zone slip

export default defineConfig({
  test: {
    include: ["{server,mcp,components,app,scripts,bench,examples}/**/*.test.{ts,tsx}"],
    globalSetup: ["server/testing/global-setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
