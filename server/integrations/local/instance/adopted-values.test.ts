import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, expect, it } from "vitest";
import { dataWithoutConfidential } from "#server/agent/kernel/confidential/confidential.ts";
import {
  allReady,
  createTestDaemon,
  eventually,
  sampleService,
  type TestDaemon,
} from "#server/testing/local-platform/daemon.ts";
import { localPaths } from "../state/paths.ts";
import { startedWith } from "./launch-record.ts";
import { LaunchValues, watchLaunchValues } from "./launch-values.ts";

// An instance goes on with the value that a secret had when it was started: every process keeps it to itself.

const KEY = "of this installation, and of no other";
const ref = { service: "checkout", environment: "staging" };
let nth = 0;
/** a value that no test before it has made known to this process */
const newValue = (): string => `hush-${nth++}-${"7f3a9c51e0".repeat(2)}`;
const withEnv = (env: Record<string, string>) =>
  sampleService("checkout", { environments: { staging: { instances: 1, initialVersion: "1.0.0", env } } });
const DSN = "postgres://u:${env:OPERATE_SECRET_DBPASS}@h/db";

let daemon: TestDaemon;
let watch: { close(): void } | undefined;
afterEach(async () => {
  watch?.close();
  await daemon.dispose();
});

async function startedBy(
  env: Record<string, string>,
  given: Record<string, string>,
): Promise<{ id: string; killedMs: number }> {
  daemon = createTestDaemon([withEnv(env)]);
  await daemon.start({ OPERATE_VALUES_KEY: KEY, ...given });
  const [instance] = await allReady(daemon.platform, ref);
  const id = instance?.id ?? "";
  // its first line was seen
  await eventually(async () =>
    statSync(join(localPaths(daemon.dataDir).logs, `${id}.out.log.marks`), { throwIfNoEntry: false }),
  );
  await daemon.end("SIGKILL");
  return { id, killedMs: Date.now() };
}

/** What the instance prints, as a process that watches shows it. */
async function shown(id: string, said: string): Promise<string> {
  const { url } = await daemon.platform.workloads.getService(ref);
  await fetch(`${url}/log?text=${encodeURIComponent(said)}`);
  const line = await eventually(async () =>
    (await daemon.platform.logs.tailLogs({ instanceId: id, lines: 50 })).find(({ text }) =>
      text.startsWith(said.slice(0, 8)),
    ),
  );
  return dataWithoutConfidential(line.text);
}

it.each([
  { when: "the secret has another value", now: { DSN }, isLost: false },
  { when: "its reference left the file, and only the process still tells it", now: {}, isLost: true },
])("hides what an adopted instance was started with once $when", async ({ now, isLost }) => {
  const old = newValue();
  const { id, killedMs } = await startedBy({ DSN }, { OPERATE_SECRET_DBPASS: old });
  daemon.writeConfig([withEnv({ ...now })]);
  const { values } = localPaths(daemon.dataDir);
  if (isLost) for (const file of [values, `${values}.previous`]) rmSync(file, { force: true });
  watch = watchLaunchValues(daemon.dataDir, KEY);
  // a console that starts before its daemon
  expect(dataWithoutConfidential(old)).toBe(isLost ? old : "${env:OPERATE_SECRET_DBPASS}");
  await daemon.start({ OPERATE_VALUES_KEY: KEY, OPERATE_SECRET_DBPASS: newValue() });
  await eventually(async () => dataWithoutConfidential(old) === "${env:OPERATE_SECRET_DBPASS}");
  expect(await shown(id, `DSN is postgres://u:${old}@h/db`)).toBe(`DSN is ${DSN}`);
  // and each line has the time when it was written, not that of the adoption
  const lines = await daemon.platform.logs.tailLogs({ instanceId: id, lines: 50 });
  const before = lines.filter(({ at }) => Date.parse(at) <= killedMs).map(({ text }) => text);
  expect(before).toEqual([expect.stringContaining("listening")]);
});

it("is told to a process that runs already, stands in no file in clear, and is kept until the log is gone", async () => {
  const old = newValue();
  daemon = createTestDaemon([withEnv({ DSN })]);
  watch = watchLaunchValues(daemon.dataDir, KEY);
  await daemon.start({ OPERATE_VALUES_KEY: KEY, OPERATE_SECRET_DBPASS: old });
  await eventually(async () => dataWithoutConfidential(old) === "${env:OPERATE_SECRET_DBPASS}");
  const [instance] = await allReady(daemon.platform, ref);
  await daemon.platform.workloads.instances.stop({ instanceId: instance?.id ?? "", drainTimeoutMs: 0 });
  await daemon.end("SIGTERM");
  const { dir, values: file } = localPaths(daemon.dataDir);
  for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" }))
    if (statSync(join(dir, name)).isFile()) expect(readFileSync(join(dir, name), "utf8"), name).not.toContain(old);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(new LaunchValues(file, "another key", pino({ level: "silent" })).has(instance?.id ?? "")).toBe(false);
  const values = new LaunchValues(file, KEY, pino({ level: "silent" }));
  expect(values.has(instance?.id ?? "")).toBe(true);
  await values.keepOnly(new Set());
  expect(new LaunchValues(file, KEY, pino({ level: "silent" })).has(instance?.id ?? "")).toBe(false);
});

it.each([
  { written: { A: "${env:X}" }, environment: ["A=one", "B=two"], found: { X: "one" } },
  {
    written: { A: "pg://u:${secret:db-pass}@${url:pay}/x?${env:Q}" },
    environment: ["A=pg://u:p.w@http://h:1/x?q=1"],
    found: { OPERATE_SECRET_DB_PASS: "p.w", Q: "q=1" },
  },
  { written: { A: "$(x) ${env:X}" }, environment: ["A=$(x) one\ntwo"], found: { X: "one\ntwo" } },
  { written: { A: "other ${env:X}", C: "plain" }, environment: ["A=${env:X}", "C=plain"], found: {} },
])("finds the values of $written in what a process was started with", ({ written, environment, found }) => {
  expect(startedWith({ env: written as unknown as Record<string, string> }, environment)).toEqual(found);
});
