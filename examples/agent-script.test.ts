import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { useDatabase } from "../server/testing/database.ts";
import { startTestWorker, type TestWorker } from "../server/testing/durable/worker.ts";
import { allReady, createTestDaemon, sampleService } from "../server/testing/local-platform/daemon.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }); // it boots processes, on whatever machine this is
const database = useDatabase();
const daemon = createTestDaemon([sampleService("web")]);
let worker: TestWorker;
beforeAll(async () => {
  [worker] = await Promise.all([startTestWorker(database.url, daemon), daemon.start()]);
  await allReady(daemon.platform, { service: "web", environment: "staging" });
});
afterAll(async () => {
  await worker?.end("SIGTERM");
  await daemon.dispose();
});

it("agent-script.ts shows the plan, follows the deployment and says how it ended", async () => {
  const env = { DATABASE_URL: database.url, OPERATE_DATA_DIR: daemon.dataDir, OPERATE_CONFIG: daemon.configFile };
  const args = [join("examples", "agent-script.ts"), "1.1.0", "web", "staging"];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: join(import.meta.dirname, ".."),
    env: { ...process.env, ...env },
    timeout: 60_000,
  });
  const lines = stdout.trim().split("\n");
  expect(lines).toContain("web in staging: from 1 instance of 1.0.0 to 1 instance of 1.1.0.");
  expect(lines).toContain("  Replace 1 instance one by one with 1.1.0 (about 5 s)");
  expect(stdout).toMatch(/\d{4}-.*Z {2}script asked for web 1\.1\.0 in staging, from 1\.0\.0/);
  expect(lines.at(-1)).toMatch(/^succeeded: /);
});
