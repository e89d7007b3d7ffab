import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { type OperateAgentConfigInput, OperateAgentConfigSchema } from "../agent/config.ts";
import { heapFlags } from "../collector/heap.ts";
import { collectorSocket, SENDER_HEADER } from "../collector/socket.ts";

const ENTRY = join(import.meta.dirname, "../collector.ts");

export interface Answered {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  text: string;
}

/** A real collector process on a data directory of its own. */
export interface TestCollector {
  dataDir: string;
  /** of the process that runs now */
  child: ChildProcess;
  output(): string;
  start(): Promise<void>;
  /** Ends the process with a signal and waits until it is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
  /** Sends to its socket, as the web process does for a sender it knows. @throws when there is no answer */
  send(path: string, body: Buffer | string, headers?: Record<string, string>): Promise<Answered>;
  dispose(): Promise<void>;
}

interface Options {
  databaseUrl: string;
  config?: OperateAgentConfigInput;
  /** where a daemon runs already */
  dataDir?: string;
  /** what the supervisor would hand down beside the rest */
  env?: Record<string, string>;
}

export function createTestCollector({
  databaseUrl,
  config = {},
  dataDir: given,
  env: more = {},
}: Options): TestCollector {
  const root = mkdtempSync(join(tmpdir(), "operate-collector-"));
  const dataDir = given ?? join(root, "data");
  const configFile = join(root, "operate.config.yaml");
  writeFileSync(configFile, stringify(config));
  const execArgv = heapFlags(OperateAgentConfigSchema.parse(config).monitoringConfig.limits);
  let output = "";
  const collector: TestCollector = {
    dataDir,
    child: undefined as unknown as ChildProcess,
    output: () => output,
    async start() {
      const handed = { DATABASE_URL: databaseUrl, OPERATE_DATA_DIR: dataDir, OPERATE_CONFIG: configFile, PORT: "" };
      const env = { ...process.env, ...handed, ...more };
      const child = fork(ENTRY, { env, silent: true, execArgv });
      collector.child = child;
      for (const stream of [child.stdout, child.stderr])
        stream?.on("data", (chunk) => {
          output += chunk;
        });
      const ended = once(child, "exit").then(([code]) => {
        throw new Error(`the collector ended with ${code}:\n${output}`);
      });
      const ready = new Promise<void>((done) =>
        child.on("message", (message: { type?: string }) => message.type === "ready" && done()),
      );
      await Promise.race([ready, ended]);
      ended.catch(() => undefined);
    },
    async end(signal) {
      if (collector.child.exitCode !== null || collector.child.signalCode !== null) return;
      collector.child.kill(signal);
      await once(collector.child, "exit");
    },
    send: (path, body, headers = {}) => sendTo(collectorSocket(dataDir), path, body, headers),
    async dispose() {
      await collector.end("SIGTERM");
      rmSync(root, { recursive: true, force: true });
    },
  };
  return collector;
}

function sendTo(
  socketPath: string,
  path: string,
  body: Buffer | string,
  headers: Record<string, string>,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body));
    const request = httpRequest(
      {
        socketPath,
        path,
        method: "POST",
        headers: { [SENDER_HEADER]: "test", "content-length": length, ...headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          const answered = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: answered,
            text: answered.toString("utf8"),
          });
        });
      },
    );
    request.once("error", reject);
    request.end(body);
  });
}
