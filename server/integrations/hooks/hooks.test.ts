import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Hook, HookSchema } from "#server/agent/deploy/config.ts";
import type { HookContext } from "#server/agent/ports/hook-runner.ts";
import { createOutboundClient, type OutboundClient } from "../http/client.ts";
import { createHookRunner } from "./index.ts";

const context: HookContext = {
  ...{ deploymentId: "dep_1", service: "checkout", environment: "staging", version: "2.0.0", previousVersion: "1.0.0" },
  ...{ phase: "before", weight: 25, key: "dep_1:0:1" },
};
let dir: string;
let http: OutboundClient;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "operate-hooks-"));
  http = createOutboundClient({ allow: [], deny: [] });
});
afterEach(async () => {
  await http.close();
  rmSync(dir, { recursive: true });
});
const run = (hook: object) =>
  createHookRunner({ configDir: dir, http, firstPauseMs: 1 }).run(
    HookSchema.parse({ name: "hook", ...hook }) as Hook,
    context,
  );
const script = (text: string, more: object = {}) => run({ type: "command", command: ["node", "-e", text], ...more });

describe("a command", () => {
  it("passes with exit code 0, and is told what it is about", async () => {
    const answer = await script(
      "const e = process.env; console.log([e.OPERATE_SERVICE, e.OPERATE_VERSION, e.OPERATE_PREVIOUS_VERSION, e.OPERATE_WEIGHT, e.OPERATE_HOOK_KEY, process.cwd()].join())",
    );
    expect(answer).toMatchObject({ ok: true, summary: "exit code 0", tries: 1 });
    expect(answer.output.trim()).toBe(`checkout,2.0.0,1.0.0,25,dep_1:0:1,${dir}`);
  });

  it("sees nothing of Operate's own environment", async () => {
    process.env.OPERATE_SECRET_KEY = "not-for-hooks";
    try {
      const { output } = await script("console.log(Object.keys(process.env).sort().join())", { env: { MINE: "1" } });
      expect(output).toContain("MINE");
      expect(output).not.toContain("OPERATE_SECRET_KEY");
      expect(output).not.toContain("VITEST");
    } finally {
      delete process.env.OPERATE_SECRET_KEY;
    }
  });

  it("fails with any other code, and what it said is kept without its secrets", async () => {
    const answer = await script("console.error('no: ' + process.env.TOKEN); process.exit(3)", {
      env: { TOKEN: "hunter2hunter2" },
    });
    expect(answer).toMatchObject({ ok: false, summary: "exit code 3", output: "no: [redacted]\n" });
  });

  it("shows ordinary values, hides what is in doubt where it stands alone, and secrets in whatever form", async () => {
    const env = { REGION: "eu-west-1", LOG_LEVEL: "warning", AUTH: "marmalade", API_KEY: "C%n/ry?Sec" };
    const says = `in eu-west-1, warnings, marmalades, marmalade, xC%n/ry?Secx ${encodeURIComponent(env.API_KEY)}`;
    const { output } = await script(`console.log(${JSON.stringify(says)})`, { env });
    expect(output).toBe("in eu-west-1, warnings, marmalades, [redacted], x[redacted]x [redacted]\n");
  });

  it("is tried again as often as it may be", async () => {
    const count = "const f = 'tries'; const fs = require('fs'); fs.appendFileSync(f, 'x');";
    const text = `${count} process.exit(fs.readFileSync(f, 'utf8').length < 3 ? 1 : 0)`;
    expect(await script(text, { retries: 1 })).toMatchObject({ ok: false, tries: 2 });
    expect(await script(text, { retries: 5 })).toMatchObject({ ok: true, tries: 1 });
    expect(readFileSync(join(dir, "tries"), "utf8")).toBe("xxx");
  });

  it("is ended with all it started when its time is up, even when it does not want to", async () => {
    const fork = "const c = require('child_process').spawn('sleep', ['600'], {stdio: 'inherit'}); console.log(c.pid);";
    const answer = await script(`${fork} process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`, {
      timeoutSeconds: 1,
    });
    expect(answer).toMatchObject({ ok: false, summary: "not done within 1 s" });
    await vi.waitFor(() => expect(isAlive(Number(answer.output.trim()))).toBe(false));
  });

  it("is done when it ends, whatever it left behind", async () => {
    const answer = await script(
      "const c = require('child_process').spawn('sleep', ['600'], {stdio: 'inherit'}); console.log(c.pid); c.unref(); process.exit(0)",
    );
    expect(answer.ok).toBe(true);
    await vi.waitFor(() => expect(isAlive(Number(answer.output.trim()))).toBe(false));
  });

  it("shows the last 4,096 characters it printed", async () => {
    const { output } = await script("process.stdout.write('a'.repeat(50000) + 'end')");
    expect(output).toHaveLength(4_096);
    expect(output.endsWith("end")).toBe(true);
  });

  it.each([
    {
      what: "a program that is not there",
      hook: { command: ["no-such-program-here"] },
      why: /command not found: no-such/,
    },
    { what: "a folder that is not there", hook: { command: ["node"], cwd: "nowhere" }, why: /no folder nowhere/ },
  ])("says what is wrong with $what", async ({ hook, why }) => {
    const answer = await run({ type: "command", ...hook });
    expect(answer.ok).toBe(false);
    expect(answer.summary).toMatch(why);
  });
});

const isAlive = (pid: number): boolean => {
  expect(pid).toBeGreaterThan(1);
  try {
    const state = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "")[0];
    return state !== "Z" && state !== "X";
  } catch {
    return false;
  }
};

describe("a call", () => {
  let server: Server;
  let url: string;
  const asked: { body: string; key: string | undefined }[] = [];
  let answers: number[];
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      asked.push({ body, key: request.headers["idempotency-key"] as string });
      response.writeHead(answers.shift() ?? 200);
      response.end(`thanks ${request.headers.authorization}`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  });
  beforeEach(() => {
    asked.length = 0;
    answers = [];
  });
  afterAll(() => void server.close());

  it("tells the other side what it is about, with a key that stays the same", async () => {
    answers = [503, 200];
    const answer = await run({ type: "http", url, retries: 2, headers: { authorization: "secret-of-the-hook" } });
    expect(answer).toMatchObject({ ok: true, summary: "answered 200", tries: 2, output: "thanks [redacted]" });
    expect(JSON.parse(asked[0]?.body ?? "")).toEqual(context);
    expect(asked.map((one) => one.key)).toEqual([context.key, context.key]);
  });

  it("is refused by a status that was not expected", async () => {
    answers = [418, 200];
    expect(await run({ type: "http", url })).toMatchObject({ ok: false, summary: "answered 418" });
    expect(await run({ type: "http", url, expectStatus: [204] })).toMatchObject({ ok: false, summary: "answered 200" });
  });

  it("says so when nobody answers", async () => {
    const answer = await run({ type: "http", url: "http://127.0.0.1:1/", timeoutSeconds: 1 });
    expect(answer.ok).toBe(false);
    expect(answer.summary.length).toBeGreaterThan(10);
  });
});
