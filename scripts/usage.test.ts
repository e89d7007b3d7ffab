import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

/** A clone before its first install: whatever a script would do before it answers fails, or leaves a file. */
const root = mkdtempSync(join(tmpdir(), "operate-usage-"));
afterAll(() => rmSync(root, { recursive: true }));
cpSync(import.meta.dirname, join(root, "scripts"), { recursive: true });
const files = () => readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
const before = files();

const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as {
  scripts: Record<string, string>;
};
/** as npm does: behind the command, for a shell */
const OWN = Object.entries(scripts).filter(([name]) => name !== "db:generate");

function run(command: string): Promise<{ exitCode: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn("sh", ["-c", command], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      out += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      err += chunk;
    });
    child.once("close", (exitCode) => resolve({ exitCode, out, err }));
  });
}

it.each(OWN)("%s says its usage for --help and -h, refuses --helpp, and does nothing", async (name, command) => {
  const [help, short, wrong] = await Promise.all([
    run(`${command} --help`),
    run(`${command} -h`),
    run(`${command} --helpp`),
  ]);
  expect(help).toMatchObject({ exitCode: 0, err: "" });
  expect(help.out).toMatch(/^Usage: npm [\s\S]*\n {2}-h, --help /);
  expect(short).toEqual(help);
  expect(wrong, name).toMatchObject({ exitCode: 2, out: "" });
  expect(wrong.err).toMatch(/^`--helpp` is not an option\. Did you mean --help\?/);
  expect(wrong.err).toContain(help.out.trim());
  expect(files()).toEqual(before);
});

it.each([
  ["bench:judge --run=5", "`--run` is not an option. Did you mean --runs? Also allowed: --json"],
  ["bench:judge --json=1", "`--json` takes no value."],
  ["bench:judge --half=other", "`--half=other` is not allowed; allowed: choose."],
  ["soak --minutes", "`--minutes` needs a value, such as --minutes=30."],
  ["soak --minutes --json", "`--minutes` needs a value"],
  ["soak --minutes=half", "`--minutes=half` is not allowed; it must be a whole number of at least 1."],
  ["storm:deploy --kills=0", "`--kills=0` is not allowed"],
  ["storm:kill now", "`now` is not known; only options are allowed here."],
  ["start -x", "`-x` is not an option."],
  ["start --constructor", "`--constructor` is not an option."],
  ["start --no-sampel", "Did you mean --no-sample?"],
  ["start --help=yes", "`--help` takes no value. Did you mean --help?"],
  ["operate:reset-password", "Name the ADDRESS, such as ada@example.com."],
  ["operate:reset-password --revoke-tokens", "Name the ADDRESS, such as ada@example.com."],
  ["operate:reset-password ada", "`ada` is no ADDRESS, such as ada@example.com."],
  ["operate:reset-password ada@localhost", "`ada@localhost` is no ADDRESS"],
  ["grafana:export a.json b.json", "`b.json` is one too many: one FILE at most."],
  ["test unti", "`unti` is not a STAGE or FILE. Did you mean unit?"],
  ["bench balancr", "`balancr` is not a BENCHMARK. Did you mean balancer?"],
])("%s is refused", async (args, message) => {
  const [name = "", ...rest] = args.split(" ");
  const { exitCode, err } = await run([scripts[name], ...rest].join(" "));
  expect(err).toContain(message);
  expect(exitCode).toBe(2);
  expect(files()).toEqual(before);
});
