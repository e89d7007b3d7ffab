import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { afterEach, expect, it } from "vitest";
import { FaultLog, MOST_FAULTS_A_MINUTE } from "./fault-log.ts";

/** A process with this last line of defence, one server whose listeners throw, and one line for each exception. */
const SERVER = `
import { createServer } from "node:http";
import { FaultLog } from "./server/integrations/local/fault-log.ts";
import { outliveExceptions } from "./server/integrations/local/uncaught.ts";
const log = (level) => ({ err, count }) => console.log(JSON.stringify({ level, message: err.message, count }));
outliveExceptions(new FaultLog({ error: log("error"), fatal: log("fatal") }, "an exception"));
let closing = false;
const server = createServer((request, response) => {
  if (request.url === "/request") throw new Error("in request");
  if (request.url === "/timer") setTimeout(() => { throw new Error("in timer"); });
  if (request.url === "/promise") void Promise.reject(new Error("in promise"));
  closing = request.url === "/close";
  response.end("ok");
});
server.on("connection", (socket) => socket.once("close", () => { if (closing) throw new Error("in close"); }));
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
`;
const ended: (() => unknown)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

async function ask(port: number, path: string): Promise<string> {
  const socket = connect(port, "127.0.0.1").on("error", () => undefined);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
    if (text.endsWith("ok")) socket.destroy();
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await once(socket, "close");
  return text;
}

it("goes on serving after exceptions, and ends the connections they belong to", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", SERVER], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  ended.push(() => child.kill("SIGKILL"));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? "{}") as Record<string, unknown>;
  const { port } = await next();
  expect(typeof port).toBe("number");
  expect(await ask(Number(port), "/request")).toBe("");
  expect(await ask(Number(port), "/close")).toMatch(/ok$/);
  expect(await ask(Number(port), "/timer")).toMatch(/ok$/);
  expect(await next()).toEqual({ level: "error", message: "in request", count: 1 });
  expect(await next()).toEqual({ level: "error", message: "in close", count: 2 });
  expect(await next()).toEqual({ level: "error", message: "in timer", count: 3 });
  expect(await ask(Number(port), "/promise")).toMatch(/ok$/);
  expect(await next()).toEqual({ level: "error", message: "in promise", count: 4 });
  expect(child.exitCode).toBeNull();
});

it("logs each of the first exceptions of a minute, and once that there are more", () => {
  const said: string[] = [];
  const faults = new FaultLog({ error: () => said.push("error"), fatal: () => said.push("fatal") }, "an exception");
  for (let i = 0; i < 3 * MOST_FAULTS_A_MINUTE; i++) faults.note(new Error("x"), i);
  expect(said).toEqual([...Array.from({ length: MOST_FAULTS_A_MINUTE }, () => "error"), "fatal"]);
  faults.note(new Error("x"), 70_000);
  expect(said.at(-1)).toBe("error");
  expect(faults.count).toBe(3 * MOST_FAULTS_A_MINUTE + 1);
});
