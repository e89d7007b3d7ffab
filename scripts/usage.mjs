import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { COMMANDS } from "./commands.mjs";

/**
 * The command lines of the npm scripts: usage for `--help`, a refusal for what is not known, before anything is done.
 * The bootstrap asks on whatever Node the machine has: nothing but built-in modules here.
 */
const HELP = { does: "prints this and does nothing else" };
const LONGEST_SHOWN = 60;

/** Text that somebody typed, fit for a message. */
const shown = (text) => {
  const visible = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "�");
  return visible.length > LONGEST_SHOWN ? `${visible.slice(0, LONGEST_SHOWN)}…` : visible;
};

/** Levenshtein's distance. The kernel has one, too, but in TypeScript, which the bootstrap's Node may not read. */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}

const byNearness = (found, names) =>
  names
    .map((name) => ({ name, far: distance(found.slice(0, LONGEST_SHOWN), name) }))
    .sort((a, b) => a.far - b.far)
    .map(({ name }) => name);

const callOf = (name) => (name === "start" || name === "test" ? `npm ${name}` : `npm run ${name}`);
const form = (name, { value }) => `--${name}${value === undefined ? "" : "=…"}`;

/** What `npm run NAME -- --help` prints. */
function usageOf(name) {
  const { does, leaves, options = {}, words } = COMMANDS[name];
  const rows = Object.entries(options).map(([key, option]) => {
    const fallback = option.value === undefined || option.value === "" ? "" : ` (default: ${option.value})`;
    return [form(key, option), `${option.does}${fallback}`];
  });
  if (words) {
    const allowed = words.choices ? `${words.choices.join(", ")}${words.paths ? ", or a file" : ""}` : "";
    const fallback = words.fallback ? `without it: ${words.fallback}` : "";
    rows.unshift([words.name, [allowed, fallback].filter(Boolean).join("; ")]);
  }
  rows.push(["-h, --help", HELP.does]);
  const width = Math.max(...rows.map(([left]) => left.length));
  const lines = rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd());
  const word = words && `${words.name}${words.most === undefined ? " …" : ""}`;
  const more = [words?.such ? word : word && `[${word}]`, "[OPTIONS]"].filter(Boolean).join(" ");
  return [`Usage: ${callOf(name)} -- ${more}`, "", does, leaves, "", ...lines].join("\n");
}

function parse(name, args) {
  const { options = {} } = COMMANDS[name];
  const declared = Object.entries(options).map(([key, { value }]) => [
    key,
    { type: value === undefined ? "boolean" : "string" },
  ]);
  return parseArgs({
    args,
    options: { ...Object.fromEntries(declared), help: { type: "boolean", short: "h" } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
}

/** What is wrong with one option, or null. */
function objectionToOption(options, { name, rawName, value, inlineValue }) {
  if (name === "help") return `\`${shown(rawName)}\` takes no value. Did you mean ${rawName}?`;
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (!option) {
    const [nearest, ...others] = byNearness(name, [...Object.keys(options), "help"]).map((key) => `--${key}`);
    const more = others.length > 0 ? ` Also allowed: ${others.join(", ")}.` : "";
    return `\`${shown(rawName)}\` is not an option. Did you mean ${nearest}?${more}`;
  }
  if (option.value === undefined) return value === undefined ? null : `\`--${name}\` takes no value.`;
  if (!value || (!inlineValue && value.startsWith("-")))
    return `\`--${name}\` needs a value${option.value === "" ? "" : `, such as --${name}=${option.value}`}.`;
  if (option.choices && !option.choices.includes(value))
    return `\`--${name}=${shown(value)}\` is not allowed; allowed: ${option.choices.join(", ")}.`;
  if (option.least !== undefined && !(/^\d{1,12}$/.test(value) && Number(value) >= option.least))
    return `\`--${name}=${shown(value)}\` is not allowed; it must be a whole number of at least ${option.least}.`;
  return null;
}

/** What is wrong with the words beside the options, or null. */
function objectionToWords(words, given) {
  if (!words && given.length > 0) return `\`${shown(given[0])}\` is not known; only options are allowed here.`;
  if (words?.most && given.length > words.most)
    return `\`${shown(given[words.most])}\` is one too many: ${words.most === 1 ? "one " : ""}${words.name} at most.`;
  if (words?.such && given.length === 0) return `Name the ${words.name}, such as ${words.such}.`;
  const unfit = words?.fits && given.find((word) => !words.fits.test(word));
  if (unfit) return `\`${shown(unfit)}\` is no ${words.name}, such as ${words.such}.`;
  const wrong = given.find(
    (word) => words.choices && !words.choices.includes(word) && !(words.paths && existsSync(word)),
  );
  if (wrong === undefined) return null;
  const [nearest, ...others] = byNearness(wrong, words.choices);
  return `\`${shown(wrong)}\` is not a ${words.name}. Did you mean ${nearest}? Also allowed: ${others.join(", ")}.`;
}

/** What to print instead of running: the usage (exit code 0) or a refusal (2); null when `args` are fine. */
export function answerInstead(name, args) {
  const end = args.indexOf("--");
  const before = end < 0 ? args : args.slice(0, end);
  if (before.some((arg) => arg === "--help" || arg === "-h")) return { exitCode: 0, text: usageOf(name) };
  const { options = {}, words } = COMMANDS[name];
  const { tokens, positionals } = parse(name, args);
  const objections = tokens.map((token) => (token.kind === "option" ? objectionToOption(options, token) : null));
  const objection = objections.find(Boolean) ?? objectionToWords(words, positionals);
  return objection ? { exitCode: 2, text: `${objection}\n\n${usageOf(name)}` } : null;
}

/** Prints an answer of `answerInstead`: the usage as what was asked for, a refusal as an error. */
export const printAnswer = ({ exitCode, text }) => (exitCode === 0 ? console.log(text) : console.error(text));

/** The process's own command line, for the script `name`; ends the process when there is an answer instead. */
export function commandLine(name) {
  const args = process.argv.slice(2);
  const answer = answerInstead(name, args);
  if (answer) {
    printAnswer(answer);
    process.exit(answer.exitCode);
  }
  const { values, positionals } = parse(name, args);
  const { options = {} } = COMMANDS[name];
  return {
    words: positionals,
    has: (option) => values[option] !== undefined,
    text: (option) => values[option],
    number: (option) => Number(values[option] ?? options[option].value),
  };
}
