import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stringify } from "yaml";
import { loadConfig } from "#server/config/load.ts";
import type { TrafficCounts } from "../server/agent/ports/traffic.ts";
import { underLoad } from "../server/testing/durable/load.ts";
import { allReady, createTestDaemon } from "../server/testing/local-platform/daemon.ts";
import { packed, RECORDED_FILE } from "./judge-recorded.ts";

/**
 * Records what `bench/judge.ts` draws from: checkout 2.4.0 of the sample side by side with each of its other versions,
 * half of the requests each, from the real daemon and balancer. `node bench/record-traffic.ts`, about five minutes on
 * a quiet machine; the file it writes is committed.
 */
const SECONDS = 90;
const PER_SECOND = 150;
const SHOP = join(import.meta.dirname, "../examples/shop");
const ref = { service: "checkout", environment: "production" };

const { config } = loadConfig(join(SHOP, "operate.config.yaml"));
const services = config.services
  .filter((one) => ["checkout", "payments"].includes(one.name))
  .map((one) => ({ ...one, local: { ...one.local, cwd: SHOP }, deployment: undefined }));
const daemon = createTestDaemon([]);
const folder = mkdtempSync(join(tmpdir(), "operate-record-"));
writeFileSync(daemon.configFile, stringify(JSON.parse(JSON.stringify({ services }))));
try {
  await daemon.start();
  const { platform } = daemon;
  const [first] = await allReady(platform, ref);
  await allReady(platform, { ...ref, service: "payments" });
  const old = first?.version ?? "";
  const recorded: Record<string, TrafficCounts[]> = {};
  for (const version of ["2.4.1", "2.5.0", "2.6.0"]) {
    const before = new Set((await platform.workloads.getService(ref)).instances.map((one) => one.id));
    await platform.traffic.setWeights({ ...ref, weights: { [old]: 100, [version]: 0 }, candidate: version });
    for (let i = 0; i < before.size; i++)
      await platform.workloads.instances.start({ ...ref, version, key: `${version}-${i}` });
    await allReady(platform, ref);
    await platform.traffic.setWeights({ ...ref, weights: { [old]: 50, [version]: 50 }, candidate: version });
    const { url } = await platform.workloads.getService(ref);
    await underLoad(`${url}/orders?product=1`, PER_SECOND, () => delay(5_000)); // warm
    const since = new Date(Math.ceil(Date.now() / 2_000) * 2_000);
    await underLoad(`${url}/orders?product=1`, PER_SECOND, () => delay((SECONDS + 4) * 1_000));
    const rows = await platform.traffic.samplesSince({ ...ref, since });
    const end = since.getTime() + SECONDS * 1_000;
    recorded[version] = rows.filter((row) => Date.parse(row.bucketAt) < end);
    console.error(`${version}: ${recorded[version].reduce((sum, row) => sum + row.requests, 0)} requests`);
    for (const { id } of (await platform.workloads.getService(ref)).instances)
      if (!before.has(id)) await platform.workloads.instances.stop({ instanceId: id, drainTimeoutMs: 2_000 });
    await platform.traffic.setWeights({ ...ref, weights: null });
  }
  writeFileSync(RECORDED_FILE, `${JSON.stringify(packed(old, recorded))}\n`);
} finally {
  await daemon.dispose();
  rmSync(folder, { recursive: true, force: true });
}
