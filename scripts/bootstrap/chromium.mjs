import { accessSync, constants, existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { SetupError } from "./errors.mjs";
import { PINNED_NODE } from "./pinned-node.mjs";
import { stage } from "./progress.mjs";
import { run } from "./run.mjs";

/** Playwright's own headless browser is the shell, too: it draws the same and takes less of the processor. */
const SHELL = "chromium-headless-shell";
const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const FOLDERS = ["/usr/bin", "/usr/local/bin", "/snap/bin", "/opt/google/chrome"];
const MAC_APPS = ["Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium"];

/** Prints `OPERATE_CHROMIUM=<path>` of a browser that is there or was installed now. @throws SetupError when neither. */
export async function findOrInstallChromium() {
  const found =
    installed() ??
    (await playwrightsOwn()) ??
    (await fromPackages()) ??
    (await fromPlaywright()) ??
    (() => {
      throw new SetupError(
        "No Chromium for the end-to-end tests. Install Chromium or Chrome, or set CHROMIUM_PATH to its executable.",
      );
    })();
  console.log(`OPERATE_CHROMIUM=${found}`);
}

function installed() {
  const { CHROMIUM_PATH, OPERATE_CHROMIUM, PATH = "" } = process.env;
  const asked = CHROMIUM_PATH ?? OPERATE_CHROMIUM;
  if (asked) {
    if (!isExecutable(asked))
      throw new SetupError(`CHROMIUM_PATH names ${asked}, which cannot be run. Correct or unset it.`);
    return asked;
  }
  const folders = [...PATH.split(delimiter), ...FOLDERS].filter(Boolean);
  const apps = ["/Applications", join(homedir(), "Applications")];
  return [
    ...folders.map((folder) => join(folder, SHELL)),
    ...folders.flatMap((folder) => NAMES.map((name) => join(folder, name))),
    ...apps.flatMap((folder) => MAC_APPS.map((app) => join(folder, app))),
  ].find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The browser Playwright downloaded earlier, if it did. */
async function playwrightsOwn() {
  const script = `import("@playwright/test").then(({ chromium }) => console.log(chromium.executablePath()))`;
  const path = (await run("Asking Playwright for its browser", PINNED_NODE, ["-e", script])).trim();
  return isExecutable(path) ? path : undefined;
}

/** Debian's own package, as root only. What goes wrong here is left to the next way. */
async function fromPackages() {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return undefined;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const install = (name) =>
    run(`apt-get install ${name}`, "apt-get", ["install", "-y", "--no-install-recommends", name], env);
  return stage("browser for the tests", async () => {
    await run("apt-get update", "apt-get", ["update"], env);
    await install(SHELL).catch(() => install("chromium")); // older releases have no shell of their own
  }).then(installed, reportAndGoOn);
}

async function fromPlaywright() {
  return stage("browser for the tests, from Playwright", () =>
    run("playwright install chromium", PINNED_NODE, ["node_modules/@playwright/test/cli.js", "install", "chromium"]),
  ).then(playwrightsOwn, reportAndGoOn);
}

function reportAndGoOn(error) {
  console.error(error.message);
  return undefined;
}
