import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { commandLine } from "../scripts/usage.mjs";
import { createMiner } from "../server/agent/mining/index.ts";
import { printReport } from "./harness.ts";
import { groupingAccuracy, type LabelledLog, readLoghub } from "./loghub.ts";

/**
 * How well and how fast templates are mined, on any folder of loghub's layout (`--data DIR`). Each system goes through
 * a fresh miner in the order of its file; a line's group is the pattern its own has become by the end. Then all lines,
 * repeated to a million, through one miner on one core. `--json` prints one line of figures. Drain3 is timed on the
 * same lines where `python3` (or `--python=PATH`) can import it. `--memory` feeds ten million lines that go on bringing
 * new words, and prints what is resident.
 */
const options = commandLine("bench:logs");

const ROUNDS = 3;
const LEAST_LINES = 1_000_000;
const MEMORY_LINES = 10_000_000;
const given = options.text("data");
const folder = resolve(given ?? join(import.meta.dirname, "../../shared/data/loghub"));

function accuracyOf({ lines, events }: LabelledLog) {
  const miner = createMiner();
  const keys = lines.map((line) => miner.add(line).key);
  const groups = keys.map((key) => miner.resolve(key));
  return { accuracy: groupingAccuracy(groups, events), patterns: new Set(groups).size };
}

/** Lines per second of the best round. */
interface Speed {
  /** by the clock: less on a machine with other work */
  perSecond: number;
  /** by processor time */
  perCpuSecond: number;
}

function speedOf(lines: readonly string[], repeats: number): Speed {
  const best = { perSecond: 0, perCpuSecond: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const miner = createMiner();
    const startedMs = performance.now();
    const cpu = process.cpuUsage();
    for (let i = 0; i < repeats; i++) for (const line of lines) miner.add(line);
    const { user, system } = process.cpuUsage(cpu);
    const mined = repeats * lines.length;
    best.perSecond = Math.max(best.perSecond, (mined / (performance.now() - startedMs)) * 1_000);
    best.perCpuSecond = Math.max(best.perCpuSecond, (mined / (user + system)) * 1_000_000);
  }
  return best;
}

/** Drain3 on the same lines; null, with the reason, where it is not installed. */
function speedOfDrain3(lines: readonly string[], repeats: number): { speed: Speed | null; reason: string } {
  const python = options.text("python") ?? "python3";
  if (spawnSync(python, ["-c", "import drain3"], { stdio: "ignore" }).status !== 0)
    return { speed: null, reason: `Drain3: ${python} cannot import drain3` };
  const temp = mkdtempSync(join(tmpdir(), "operate-drain3-"));
  try {
    const file = join(temp, "lines.json");
    writeFileSync(file, JSON.stringify(lines));
    const script = join(import.meta.dirname, "processes/time-drain3.py");
    const { status, stdout, stderr } = spawnSync(python, [script, file, String(repeats), String(ROUNDS)], {
      encoding: "utf8",
    });
    if (status !== 0) return { speed: null, reason: `Drain3: ${stderr.trim().split("\n").at(-1)}` };
    return { speed: JSON.parse(stdout), reason: "" };
  } finally {
    rmSync(temp, { recursive: true });
  }
}

/** Ten million lines: nine in ten are known messages with new values, one is of words never seen before. */
function memoryOf(lines: readonly string[]) {
  const letters = (n: number): string => n.toString(26).replace(/\d/g, (digit) => "qrstuvwxyz"[Number(digit)] ?? "");
  const unheard = (i: number): string =>
    `${letters(i % 1_000)} ${Array.from({ length: 2 + ((i / 10) % 20) }, (_, k) => letters(i * 31 + k)).join(" ")}`;
  const miner = createMiner();
  const seen: { line: number; "resident MB": number; "heap MB": number; patterns: number }[] = [];
  for (let i = 1; i <= MEMORY_LINES; i++) {
    miner.add(i % 10 === 0 ? unheard(i) : `${lines[i % lines.length]} id=${i}`);
    if (i % (MEMORY_LINES / 10) !== 0) continue;
    const { rss, heapUsed } = process.memoryUsage();
    const [resident, heap] = [Math.round(rss / 2 ** 20), Math.round(heapUsed / 2 ** 20)];
    seen.push({ line: i, "resident MB": resident, "heap MB": heap, patterns: miner.size });
  }
  return seen;
}

function measure(systems: readonly LabelledLog[]): void {
  const accuracies = systems.map((system) => ({
    name: system.name,
    lines: system.lines.length,
    ...accuracyOf(system),
  }));
  const average = accuracies.reduce((sum, { accuracy }) => sum + accuracy, 0) / accuracies.length;
  const lines = systems.flatMap((system) => system.lines);
  const repeats = Math.ceil(LEAST_LINES / lines.length);
  const speed = speedOf(lines, repeats);
  if (options.has("json")) {
    const list = accuracies.map(({ name, accuracy }) => ({ name, groupingAccuracy: accuracy }));
    console.log(JSON.stringify({ average, linesPerSecond: Math.round(speed.perSecond), systems: list }));
    return;
  }
  const drain3 = speedOfDrain3(lines, repeats);
  const perSecond = (value: number) => `${Math.round(value).toLocaleString("en")} lines/s`;
  const both = (value: Speed) => `${perSecond(value.perSecond)}, ${perSecond(value.perCpuSecond)} of processor time`;
  const ratio = drain3.speed ? speed.perCpuSecond / drain3.speed.perCpuSecond : null;
  printReport({
    name: "logs",
    results: accuracies.map(({ accuracy, ...row }) => ({ ...row, "grouping accuracy": Number(accuracy.toFixed(4)) })),
    targets: [
      { target: "average grouping accuracy of at least 0.93", measured: average.toFixed(4), met: average >= 0.93 },
      {
        target: "at least 150,000 lines/s on one core",
        measured: both(speed),
        met: speed.perSecond >= 150_000,
      },
      ...(ratio === null || !drain3.speed
        ? []
        : [
            {
              target: "at least twice as fast as Drain3 by processor time",
              measured: `${ratio.toFixed(1)} times its ${both(drain3.speed)}`,
              met: ratio >= 2,
            },
          ]),
    ],
    skipped: ratio === null ? [drain3.reason] : [],
  });
  if (options.has("memory")) reportMemory(lines);
}

function reportMemory(lines: readonly string[]): void {
  const results = memoryOf(lines);
  const [second, last] = [
    results[1]?.["resident MB"] ?? 0,
    results.at(-1)?.["resident MB"] ?? Number.POSITIVE_INFINITY,
  ];
  printReport({
    name: "logs, ten million lines",
    results,
    targets: [
      {
        target: "memory flat: at most a tenth and 20 MB more at the end than after two million lines",
        measured: `${second} MB, then ${last} MB`,
        met: last <= second * 1.1 + 20,
      },
    ],
  });
}

const systems = existsSync(folder) ? readLoghub(folder) : [];
if (systems.length > 0) measure(systems);
else {
  console.error(`skip  logs: no <System>/<System>_2k.log_structured.csv in ${folder}`);
  if (given !== undefined) process.exitCode = 1;
}
