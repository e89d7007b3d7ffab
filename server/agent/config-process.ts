import { z } from "zod";
import { shownName } from "./kernel/allowed-names.ts";
import { SAYS_NO_VALUE } from "./kernel/confidential/says-no-value.ts";
import { SERVICE_URL } from "./kernel/references.ts";

/** What a process is started with: a value that passes here never makes its start fail. Safe in a browser. */

/** Linux, MAX_ARG_STRLEN: 32 pages of 4 KiB for an argument, or a variable with its name, each with a closing zero byte. */
const LONGEST_TEXT_BYTES = 131_072;
/** Linux takes 2 MiB in all at the usual limit of the stack, macOS 1 MiB; of that a part is for what Operate adds. */
const LARGEST_START_BYTES = 960 * 1_024;
/** each argument and variable also takes a pointer */
const POINTER_BYTES = 8;

const LONGEST_VERSION = "v".repeat(64);
const LONGEST_URL = "http://127.0.0.1:65535";
const encoder = new TextEncoder();

/** Of the longest text that may stand in place of this one, with its closing zero byte. */
const bytesOf = (text: string): number =>
  encoder.encode(text.replaceAll("{version}", LONGEST_VERSION).replace(SERVICE_URL, LONGEST_URL)).length + 1;

/** What is wrong with an argument, or with a variable's `NAME=value`; null: nothing. */
function problemOf(text: string): string | null {
  if (text.includes("\0")) return "a zero byte cannot be given to a process";
  if (bytesOf(text) <= LONGEST_TEXT_BYTES) return null;
  return "an argument, or a variable with its name, may have 128 KiB; put what is longer into a file and name that";
}

/** Variables of a process: anything that a process can be given. */
export const Environment = z
  .record(z.string(), z.string())
  .default({})
  .superRefine((env, issues) => {
    for (const [name, value] of Object.entries(env)) {
      if (name === "" || name.includes("=") || name.includes("\0"))
        issues.addIssue({
          code: "custom",
          message: `"${shownName(name)}": a variable needs a name, without an equals sign and a zero byte`,
        });
      const message = problemOf(`${name}=${value}`);
      if (message !== null) issues.addIssue({ code: "custom", path: [name], params: SAYS_NO_VALUE, message });
    }
  });

/** A program and its arguments. */
export const Command = z
  .array(z.string().min(1))
  .min(1)
  .superRefine((command, issues) => {
    command.forEach((part, i) => {
      const message = problemOf(part);
      if (message !== null) issues.addIssue({ code: "custom", path: [i], params: SAYS_NO_VALUE, message });
    });
  });

/** Why a command and its variables are too much for one start; null: they are not. */
export function startProblem(command: readonly string[], env: Readonly<Record<string, string>>): string | null {
  const texts = [...command, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  const total = texts.reduce((sum, text) => sum + bytesOf(text) + POINTER_BYTES, 0);
  if (total <= LARGEST_START_BYTES) return null;
  return `the command and all variables together have ${Math.ceil(total / 1_024)} KiB, and a process may be given 960 KiB; put a part into a file and name that`;
}
