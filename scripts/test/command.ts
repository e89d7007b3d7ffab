import { constants } from "node:os";
import { spawnGroup } from "../interruption.ts";

interface Ran {
  exitCode: number;
  /** what it printed; empty when it printed to the terminal itself */
  output: string;
}

/** Runs the pinned Node on `args`. `live` shows the output as it comes, else it is collected. */
export function runNode(args: string[], options: { live: boolean; env?: Record<string, string> }): Promise<Ran> {
  return new Promise((resolve) => {
    let output = "";
    const child = spawnGroup(args, options.live ? "inherit" : "pipe", options.env);
    const keep = (text: string) => {
      output += text;
    };
    child.stdout?.setEncoding("utf8").on("data", keep);
    child.stderr?.setEncoding("utf8").on("data", keep);
    child.once("error", (error) => keep(error.message));
    child.once("close", (code, signal) => {
      resolve({ exitCode: code ?? 128 + (signal ? constants.signals[signal] : 0), output });
    });
  });
}
