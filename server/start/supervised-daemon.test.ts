import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import { createLocalPlatform } from "../integrations/local/index.ts";
import { allReady, ENTRY, sampleService } from "../testing/local-platform/daemon.ts";
import { superviseDaemon } from "./supervised-daemon.ts";

vi.setConfig({ testTimeout: 120_000 });
const root = realpathSync(mkdtempSync(join(tmpdir(), "operate-supervised-")));
afterEach(() => rmSync(root, { recursive: true }));

it("starts a daemon whose log cannot be opened", async () => {
  const dataDir = join(root, "data");
  mkdirSync(join(dataDir, "logs/daemon.log"), { recursive: true }); // nobody can write to a folder, root neither
  const config = join(root, "operate.config.yaml");
  writeFileSync(config, stringify({ services: [sampleService("web")] }));
  const notices: string[] = [];
  const daemon = superviseDaemon(
    { name: "daemon", file: ENTRY, stopTimeoutMs: 12_000, forcedStopTimeoutMs: 3_000 },
    {
      ...{ cwd: process.cwd(), dataDir, settings: "", force: new AbortController().signal },
      env: { ...process.env, OPERATE_DATA_DIR: dataDir, OPERATE_CONFIG: config },
      notice: (line) => notices.push(line),
    },
  );
  const platform = createLocalPlatform({ dataDir });
  try {
    await Promise.race([daemon.ready, daemon.troubled.then((why) => Promise.reject(new Error(why)))]);
    expect(await allReady(platform, { service: "web", environment: "staging" })).toHaveLength(1);
    expect(notices.join("\n")).not.toContain("no longer watched");
  } finally {
    await daemon.stop();
    await platform.close();
  }
});
