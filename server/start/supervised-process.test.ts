import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Supervised, supervise } from "./supervised-process.ts";

let folder: string;
let notices: string[];
let supervised: Supervised | null;
let force: AbortController;

beforeEach(() => {
  force = new AbortController();
  folder = mkdtempSync(join(tmpdir(), "operate-process-"));
  notices = [];
});
afterEach(async () => {
  await supervised?.stop();
  rmSync(folder, { recursive: true });
});

/** Supervises a process with the given body; `say` appends a word to a file that `said` reads. */
function start(body: string, spec: { readyTimeoutMs?: number; stopTimeoutMs?: number } = {}): Supervised {
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
    essential: true,
    readyTimeoutMs: 20_000,
    stopTimeoutMs: 10_000,
    forcedStopTimeoutMs: 0,
    ...spec,
  };
  supervised = supervise(full, {
    cwd: folder,
    env: process.env,
    logDir: folder,
    notice: (line) => notices.push(line),
    force: force.signal,
  });
  return supervised;
}

const said = () =>
  existsSync(join(folder, "said")) ? readFileSync(join(folder, "said"), "utf8").trim().split(" ") : [];
const settled = (expected: string[]) => expect.poll(said, { timeout: 20_000 }).toEqual(expected);

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
    await expect.poll(() => isAlive(Number(pid)), { timeout: 10_000 }).toBe(false);
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

  it("gives up after five ends and shows the end of the log without a stack", async () => {
    const one = start(`say("up"); console.log("almost there"); throw new Error("the disk is on fire");`);
    const reason = await one.failed;
    expect(said()).toHaveLength(5);
    expect(reason).toContain("worker does not stay up: exit code 1");
    expect(reason).toContain("Error: the disk is on fire");
    expect(reason).not.toMatch(/^\s+at /m);
  });

  it("counts a process that never becomes ready as ended", async () => {
    start(`say("up"); stay();`, { readyTimeoutMs: 500 });
    await expect.poll(() => notices.length, { timeout: 20_000 }).toBeGreaterThan(0);
    expect(notices[0]).toContain("not ready in 0.5 s");
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
