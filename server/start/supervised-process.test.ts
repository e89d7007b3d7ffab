import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ProcessSpec, type Supervised, supervise } from "./supervised-process.ts";

let folder: string;
let notices: string[];
let supervised: Supervised | null;
let force: AbortController;

beforeEach(() => {
  force = new AbortController();
  folder = mkdtempSync(join(tmpdir(), "operate-process-"));
  mkdirSync(join(folder, "logs"));
  notices = [];
});
afterEach(async () => {
  await supervised?.stop();
  rmSync(folder, { recursive: true });
});

/** Supervises a process with the given body; `say` appends a word to a file that `said` reads. */
function start(body: string, spec: Partial<ProcessSpec> = {}): Supervised {
  const file = join(folder, "process.mjs");
  writeFileSync(
    file,
    `import { appendFileSync } from "node:fs";
     const say = (word) => appendFileSync(${JSON.stringify(join(folder, "said"))}, word + " ");
     const ready = () => process.send({ type: "ready" });
     const stay = () => setInterval(() => {}, 1000);
     ${body}`,
  );
  const full = {
    name: "worker",
    file,
    stopTimeoutMs: 10_000,
    forcedStopTimeoutMs: 0,
    ...spec,
  };
  supervised = supervise(full, {
    cwd: folder,
    env: process.env,
    dataDir: folder,
    notice: (line) => notices.push(line),
    force: force.signal,
  });
  return supervised;
}

const said = () =>
  existsSync(join(folder, "said")) ? readFileSync(join(folder, "said"), "utf8").trim().split(" ") : [];
const settled = (expected: string[]) => expect.poll(said, { timeout: 60_000 }).toEqual(expected);

describe("supervise", () => {
  it("ends a process with SIGTERM and waits for it", async () => {
    const one = start(`process.on("SIGTERM", () => { say("bye"); process.exit(); }); stay(); ready();`);
    await one.ready;
    await one.stop();
    expect(said()).toEqual(["bye"]);
    expect(notices).toEqual([]);
  });

  it("kills one that does not leave, with what it started", async () => {
    const one = start(
      `import { spawn } from "node:child_process";
       process.on("SIGTERM", () => say("asked"));
       say(spawn("sleep", ["600"]).pid); stay(); ready();`,
      { stopTimeoutMs: 300 },
    );
    await one.ready;
    const startedMs = performance.now();
    await one.stop();
    expect(performance.now() - startedMs).toBeGreaterThan(250);
    const [pid] = said();
    await expect.poll(() => isAlive(Number(pid)), { timeout: 60_000 }).toBe(false);
  });

  it("starts it again when it ends and says so", async () => {
    const one = start(`import { existsSync } from "node:fs";
      const again = existsSync("said");
      say("up"); ready(); stay();
      if (!again) setTimeout(() => process.exit(3), 20);`);
    await one.ready;
    await settled(["up", "up"]);
    expect(notices).toEqual([expect.stringMatching(/^worker ended \(exit code 3\); starting it again\. Its log: /)]);
  });

  it("never gives up, says after five ends that it does not stay up, with the end of the log without a stack", async () => {
    const one = start(`say("up"); console.log("almost there"); throw new Error("the disk is on fire");`);
    const reason = await one.troubled;
    expect(reason).toContain("worker does not stay up: exit code 1");
    expect(reason).toContain("Error: the disk is on fire");
    expect(reason).not.toMatch(/^\s+at /m);
    await expect.poll(() => said().length, { timeout: 60_000 }).toBeGreaterThan(6);
    expect(notices.filter((line) => line.includes("does not stay up"))).toHaveLength(1);
  });

  it("waits for one that takes its time and says for what", async () => {
    const one = start(
      `say("up"); stay();
       process.on("message", () => process.send({ type: "pong" }));
       process.send({ type: "waiting", what: "the database" });
       setTimeout(ready, 1500);`,
      { pingMs: 50, silentMs: 500 },
    );
    await expect.poll(one.waitingFor, { timeout: 60_000 }).toBe("the database");
    await one.ready;
    expect(one.waitingFor()).toBeNull();
    expect(said()).toEqual(["up"]);
  });

  it("waits for one that gets a tenth of its processor", async () => {
    const one = start(
      `say("up"); stay(); say(process.pid);
       process.on("message", () => process.send({ type: "pong" }));
       for (let steps = 0; steps < 10; steps++) {
         const until = process.cpuUsage().user + 10_000;
         while (process.cpuUsage().user < until);
         await new Promise((next) => setTimeout(next, 10));
       }
       ready();`,
      { pingMs: 50, silentMs: 60_000 },
    );
    await expect.poll(() => said().length, { timeout: 60_000 }).toBe(2);
    const pid = Number(said()[1]);
    let over = false;
    const pulses = (async () => {
      while (!over) {
        process.kill(pid, "SIGSTOP");
        await delay(90);
        process.kill(pid, "SIGCONT");
        await delay(10);
      }
    })();
    await Promise.race([one.ready, pulses]);
    over = true;
    await pulses;
    expect(said()).toHaveLength(2);
    expect(notices).toEqual([]);
  }, 120_000);

  it("starts again one whose event loop hangs before it is ready", async () => {
    start(
      `say("up");
       process.on("message", () => { process.send({ type: "pong" }, () => { for (;;); }); });
       stay();`,
      { pingMs: 50, silentMs: 500 },
    );
    await expect.poll(() => notices[0], { timeout: 60_000 }).toContain("stopped answering before it was ready");
    await expect.poll(() => said().length, { timeout: 60_000 }).toBeGreaterThan(1);
  });

  it("restarts it on request without counting a failure", async () => {
    const one = start(`process.on("SIGTERM", () => process.exit()); say("up"); stay(); ready();`);
    await one.ready;
    one.restart();
    await settled(["up", "up"]);
    expect(notices).toEqual([]);
  });

  it("hurries when asked twice", async () => {
    const one = start(`process.on("SIGTERM", () => {}); stay(); ready();`, { stopTimeoutMs: 60_000 });
    await one.ready;
    const stopping = one.stop();
    force.abort();
    await stopping;
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // a zombie waits for its parent's parent; it runs no more
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
