import { INTERRUPTED, interruption, listenForInterruption, unlessInterrupted } from "../scripts/interruption.ts";
import { commandLine } from "../scripts/usage.mjs";
import { KillableOperate, PARTS, type PartName } from "../server/testing/killing.ts";
import { median } from "./harness.ts";

/**
 * `npm run storm:kill`: the whole system as `npm start` runs it; every one of the 63 sets of supervisor, web, worker,
 * collector, daemon and postmaster is killed with -9 at one moment. Instances keep their processes, traffic flows where
 * the daemon lives, everything is back alone or by one start, and an ordered stop leaves no process.
 * `--stand-in-web` takes a small server in place of the built console.
 */
const subsets = Array.from({ length: 2 ** PARTS.length - 1 }, (_, i) =>
  PARTS.filter((_part, bit) => (i + 1) & (1 << bit)),
);
const given = commandLine("storm:kill");
const operate = new KillableOperate(!given.has("stand-in-web"));
const faults: string[] = [];
const back: { parts: PartName[]; backMs: number; trafficBackMs: number | null }[] = [];

async function storm(): Promise<void> {
  await operate.start();
  for (const parts of subsets) {
    const { faults: found, ...times } = await operate.kill(parts);
    back.push({ parts, ...times });
    faults.push(...found.map((fault) => `${parts.join(", ")}: ${fault}`));
    const traffic = times.trafficBackMs === null ? "flowed" : `back after ${Math.round(times.trafficBackMs)} ms`;
    console.log(
      `${found.length === 0 ? "✓" : "✗"} ${parts.join(", ")}: traffic ${traffic}, all back after ${(times.backMs / 1_000).toFixed(1)} s`,
    );
  }
  faults.push(...(await operate.stop()).map((line) => `left over: ${line}`));
  const gaps = back.flatMap(({ trafficBackMs }) => (trafficBackMs === null ? [] : [trafficBackMs]));
  console.log(
    `\n${subsets.length} sets, ${faults.length} faults. Without the daemon no traffic for ${Math.round(median(gaps))} ms at the median, ${Math.round(Math.max(...gaps))} ms at most.`,
  );
  for (const fault of faults) console.log(fault);
}

listenForInterruption();
let exitCode = 1;
try {
  await unlessInterrupted(storm());
  exitCode = faults.length === 0 ? 0 : 1;
} catch (error) {
  if (interruption.aborted) exitCode = INTERRUPTED;
  else console.error(error);
} finally {
  await operate.end();
}
process.exit(exitCode);
