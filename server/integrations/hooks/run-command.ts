import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { StringDecoder } from "node:string_decoder";
import type { Hook } from "#server/agent/deploy/config.ts";
import { LONGEST_SECRET } from "#server/agent/kernel/confidential/confidential.ts";
import type { HookContext } from "#server/agent/ports/hook-runner.ts";

export interface Tried {
  ok: boolean;
  summary: string;
  output: string;
}

/** Of a program's environment only what it needs to find its way; Operate's own secrets stay here. */
const INHERITED = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "SYSTEMROOT"];
/** of output that is shown; as much is kept as is needed to scrub it first */
export const SHOWN_CHARACTERS = 4_096;
const KEPT_CHARACTERS = SHOWN_CHARACTERS + LONGEST_SECRET;
/** from SIGTERM to SIGKILL */
const GRACE_MS = 2_000;

/** What a command is told, as OPERATE_* variables. */
export const variablesOf = (context: HookContext): Record<string, string> => ({
  OPERATE_DEPLOYMENT_ID: context.deploymentId,
  OPERATE_SERVICE: context.service,
  OPERATE_ENVIRONMENT: context.environment,
  OPERATE_VERSION: context.version,
  ...(context.previousVersion === null ? {} : { OPERATE_PREVIOUS_VERSION: context.previousVersion }),
  OPERATE_PHASE: context.phase,
  ...(context.weight === null ? {} : { OPERATE_WEIGHT: String(context.weight) }),
  OPERATE_HOOK_KEY: context.key,
});

/** Runs a command once: no shell, a process group of its own that is ended whole when the time is up. */
export async function runCommand(
  hook: Extract<Hook, { type: "command" }>,
  context: HookContext,
  configDir: string,
): Promise<Tried> {
  const [program = "", ...args] = hook.command;
  const inherited = INHERITED.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const child = spawn(/* turbopackIgnore: true */ program, args, {
    cwd: resolve(/* turbopackIgnore: true */ configDir, hook.cwd),
    env: { ...Object.fromEntries(inherited), ...hook.env, ...variablesOf(context) },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const output = tailOf(child);
  const ending = new Promise<string>((settle) => {
    child.once("error", (error: NodeJS.ErrnoException) => settle(startProblem(error, program, hook.cwd)));
    // "exit", not "close": something it started may hold the pipes open for ever
    child.once("exit", (code, signal) => settle(code === null ? `ended by ${signal}` : `exit code ${code}`));
  });
  const timer = new AbortController();
  const late = new Promise<null>((settle) => {
    const timeout = setTimeout(() => settle(null), hook.timeoutSeconds * 1_000);
    timer.signal.addEventListener("abort", () => clearTimeout(timeout));
  });
  const ended = await Promise.race([ending, late]);
  timer.abort();
  if (ended === null) {
    signal(child, "SIGTERM");
    const grace = new Promise((settle) => setTimeout(settle, GRACE_MS).unref());
    await Promise.race([ending, grace]);
  }
  signal(child, "SIGKILL"); // whatever it left running in its group
  await Promise.race([ending, new Promise((settle) => setTimeout(settle, GRACE_MS).unref())]);
  child.stdout?.destroy();
  child.stderr?.destroy();
  const summary = ended ?? `not done within ${hook.timeoutSeconds} s`;
  return { ok: summary === "exit code 0", summary, output: output() };
}

const startProblem = (error: NodeJS.ErrnoException, program: string, cwd: string): string =>
  error.code === "ENOENT"
    ? `command not found: ${program}, or no folder ${cwd}`
    : `could not be started: ${error.code ?? error.message}`;

/** The last characters of both streams, in the order in which they came. */
function tailOf(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    const decoder = new StringDecoder("utf8");
    stream?.on("data", (chunk: Buffer) => {
      text = (text + decoder.write(chunk)).slice(-KEPT_CHARACTERS);
    });
  }
  return () => text;
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
