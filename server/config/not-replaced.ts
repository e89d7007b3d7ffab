import { basename } from "node:path";
import { SET_BY_OPERATE } from "../agent/config-services.ts";
import { shownName } from "../agent/kernel/allowed-names.ts";
import { readYaml } from "./read-yaml.ts";

/** What reads like a placeholder in commands and variables of services, and is given to instances as it is written. */

const SHELLS = new Set(["sh", "bash", "dash", "ash", "zsh", "ksh", "busybox"]);
const SHELL_VARIABLE = /\$\{([A-Za-z_]\w*)\}/;
const BARE_VARIABLE = new RegExp(`\\$(${SET_BY_OPERATE.join("|")})\\b`);
/** words that people write for what an instance is told by a variable */
const VARIABLE_OF: Readonly<Record<string, (typeof SET_BY_OPERATE)[number]>> = {
  port: "PORT",
  version: "SERVICE_VERSION",
  service: "SERVICE_NAME",
  environment: "SERVICE_ENVIRONMENT",
  instance: "INSTANCE_ID",
};
const WORD = new RegExp(`(?<!\\$)\\{(${Object.keys(VARIABLE_OF).join("|")})\\}`, "gi");

interface Service {
  local?: { command?: unknown };
  environments?: Record<string, { env?: Record<string, unknown> } | null>;
}

/**
 * `services[0].local.command[1]: …`, one for each text at most. Of a text that may be a secret no part is shown but
 * the names that Operate itself sets.
 * @param text of a configuration that is valid
 */
export function notReplaced(text: string): string[] {
  const read = readYaml(text);
  if ("issues" in read) return [];
  const { services } = read.yaml.raw as { services?: Service[] | null };
  return (services ?? []).flatMap(({ local, environments }, i) => [
    ...inCommand(local?.command).map((problem) => `services[${i}].local.command${problem}`),
    ...Object.entries(environments ?? {}).flatMap(([environment, settings]) =>
      inVariables(settings?.env).map((problem) => `services[${i}].environments.${environment}.env.${problem}`),
    ),
  ]);
}

function inCommand(command: unknown): string[] {
  const parts = (Array.isArray(command) ? command : [command]).map(String);
  if (SHELLS.has(basename(parts[0] ?? ""))) return [];
  return parts.flatMap((part, i) => {
    const problem = ofArgument(part);
    return problem === null ? [] : [`[${i}]: ${problem}`];
  });
}

function ofArgument(part: string): string | null {
  const word = wordIn(part, ["version"]);
  if (word !== null) return word;
  const name = (SHELL_VARIABLE.exec(part) ?? BARE_VARIABLE.exec(part))?.[1];
  if (name === undefined) return null;
  return `a variable in it is passed on as it is written, because no shell starts the command; ${remedyFor(name)}`;
}

function inVariables(env: Record<string, unknown> | undefined): string[] {
  return Object.entries(env ?? {}).flatMap(([variable, value]) => {
    const text = String(value);
    const name = SHELL_VARIABLE.exec(text)?.[1];
    const problem =
      name === undefined ? wordIn(text, []) : `a variable in it is passed on as it is written; ${remedyFor(name)}`;
    return problem === null ? [] : [`${shownName(variable)}: ${problem}`];
  });
}

const remedyFor = (name: string): string =>
  (SET_BY_OPERATE as readonly string[]).includes(name)
    ? `each instance has ${name} in its environment, where the program can read it`
    : "${env:NAME} is what stands for a variable of Operate's own environment";

function wordIn(text: string, replaced: readonly string[]): string | null {
  for (const [, found = ""] of text.matchAll(WORD)) {
    const word = found.toLowerCase();
    const variable = VARIABLE_OF[word];
    if (variable !== undefined && !replaced.includes(word))
      return `{${word}} is not replaced here; each instance has ${variable} in its environment, where the program can read it`;
  }
  return null;
}
