import { spawn } from "node:child_process";
import { explainFailure } from "./errors.mjs";
import { ROOT } from "./paths.mjs";

const KEPT_CHARACTERS = 20_000;

/** Runs a command in the project's root, quietly. @throws SetupError with the end of its output when it fails. */
export function run(what, command, args, env = {}) {
  return new Promise((resolve, reject) => {
    let output = "";
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const stop = () => child.kill(); // a Ctrl-C during an install must not leave it running
    process.once("exit", stop);
    const keep = (chunk) => {
      output = (output + chunk).slice(-KEPT_CHARACTERS);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", (error) => reject(explainFailure(what, `${command}: ${error.message}`)));
    child.once("close", (code, signal) => {
      process.off("exit", stop);
      if (code === 0) resolve(output);
      else reject(explainFailure(what, `${output}\n${signal ? `ended by ${signal}` : `exit code ${code}`}`));
    });
  });
}
