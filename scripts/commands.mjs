// What each npm script says about itself. Read before anything is installed, on any Node: no imports here.

const JSON_OPTION = { json: { does: "prints one JSON object in place of tables" } };
const number = (value, does, least = 1) => ({ value, least, does });

/** By name of the benchmark, that is its file in `bench` without `.ts`: what `npm run bench` runs one after the other. */
export const BENCHMARKS = {
  balancer: {
    script: "bench:balancer",
    does: "Measures the balancer beside a direct connection, and beside HAProxy where it is installed (2 minutes).",
    leaves: "Starts a target, a load generator and a balancer on free ports; leaves nothing behind.",
    options: JSON_OPTION,
  },
  health: {
    script: "bench:health",
    does: "Measures drift and CPU time of health checks against a real server.",
    leaves: "Starts PostgreSQL, a target and a worker on free ports; leaves nothing behind.",
    options: {
      endpoints: number(5_000, "how many endpoints are checked"),
      "interval-ms": number(30_000, "every so many milliseconds"),
      ...JSON_OPTION,
    },
  },
  ingest: {
    script: "bench:ingest",
    does: "Measures taking telemetry in over HTTP, and the question for a day's error ratio.",
    leaves:
      "Starts PostgreSQL, a collector and a sender; leaves nothing behind. Needs some GB in the temporary folder.",
    options: {
      seconds: number(60, "how long each signal is sent"),
      samples: number(10_000_000, "how many samples of a day are stored for the question"),
      ...JSON_OPTION,
    },
  },
  judge: {
    script: "bench:judge",
    does: "Measures how often the judge of a canary is wrong, on made-up and on recorded traffic.",
    leaves: "Starts nothing and leaves nothing behind.",
    options: {
      runs: number(300, "runs a cell"),
      quick: { does: "a fifth of the runs" },
      half: { value: "", choices: ["choose"], does: "`choose` draws with the seeds that limits were chosen with" },
      ...JSON_OPTION,
    },
  },
  logs: {
    script: "bench:logs",
    does: "Measures how well and how fast log templates are mined on systems of loghub.",
    leaves: "Starts Drain3 beside it where Python can import it; leaves nothing behind.",
    options: {
      data: { value: "../shared/data/loghub", does: "a folder of loghub's layout" },
      python: { value: "python3", does: "the Python that is asked for Drain3" },
      memory: { does: "feeds ten million lines more and prints what is resident" },
      ...JSON_OPTION,
    },
  },
  "proxy-compare": {
    script: "bench:proxy",
    does: "Sends odd requests through Operate's balancer and through HAProxy, and ends with 1 at an unexplained difference.",
    leaves: "Starts both on free ports; writes docs/balancer-and-haproxy.md anew.",
    options: {},
  },
  rates: {
    script: "bench:rates",
    does: "Compares rates and quantiles of the built-in store with those of a real Prometheus.",
    leaves: "Starts PostgreSQL and Prometheus on free ports; leaves nothing behind.",
    options: JSON_OPTION,
  },
};

const START = {
  does: "Starts Operate and keeps it running until Ctrl-C or SIGTERM; the first time it installs and builds.",
  leaves:
    "Starts PostgreSQL, the console, a worker, a collector, a daemon, and the services of OPERATE_CONFIG; an ordered stop ends them all. " +
    "Leaves the data directory (OPERATE_DATA_DIR, .operate). More variables: docs/configuration.md.",
  options: {
    "no-sample": { does: "without OPERATE_CONFIG: starts no sample system" },
    dev: { does: "reloads pages when their code changes" },
  },
};
const STORM_LEAVES =
  "Starts a whole Operate on free ports and an empty data directory in the temporary folder, and ends it at the end, at " +
  "Ctrl-C and at SIGTERM. ";
const KEPT_AFTER_FAULT = "The data directory is left to look at when something failed.";

/**
 * By name as in package.json (aliases apart). `does` and `leaves` are sentences; an option with a `value` takes one
 * (its default; with `least` a whole number), any other is a switch; `words` are what may stand beside options.
 */
export const COMMANDS = {
  start: START,
  "operate:dev": { ...START, does: `${START.does} Pages reload when their code changes.` },
  test: {
    does: "Runs every check and every test; the last line is the count. `npm run verify` runs the checks alone.",
    leaves:
      "Starts PostgreSQL, servers and a browser on free ports, and ends them. Leaves the build in .next, and test-results.",
    words: {
      name: "STAGE or FILE",
      choices: ["verify", "lint", "boundaries", "structure", "dead-code", "types", "build", "unit", "e2e"],
      paths: true,
    },
  },
  "test:watch": {
    does: "Runs the tests that a change concerns, again after each change; press h for its keys, q to end it.",
    leaves: "Starts PostgreSQL in the temporary folder when a test needs it, and ends it.",
    words: { name: "FILE", paths: true, fallback: "those of all files that changed since the last commit" },
  },
  "config:check": {
    does: "Checks a configuration: one line per problem with file, line, key, what was found and what is allowed.",
    leaves: "Starts nothing and writes nothing.",
    words: { name: "FILE", most: 1, fallback: "OPERATE_CONFIG, else operate.config.yaml" },
  },
  "operate:reset-password": {
    does: "Prints a one-time password for the person with this address, on the machine that has the data directory.",
    leaves: "Starts PostgreSQL for the moment when Operate does not run. Sessions of the person end.",
    options: { "revoke-tokens": { does: "revokes the person's API tokens, too" } },
    words: { name: "ADDRESS", most: 1, fits: /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/, such: "ada@example.com" },
  },
  "db:migration": {
    does: "Writes the SQL from the migrations to the schema files into a new folder of prisma/migrations.",
    leaves: "Starts PostgreSQL in the temporary folder, and ends it.",
    options: { squash: { does: "replaces all migrations by one `init`: only before the first release" } },
    words: { name: "NAME", most: 1 },
  },
  "new:capability": {
    does: "Writes the skeleton of a capability: core, router, tool, page, event of the time line, tests. It passes all checks.",
    leaves: "Writes new files and a line in the lists that name capabilities. Starts nothing.",
    words: { name: "NAME", most: 1, such: "scaling" },
  },
  "new:integration": {
    does: "Writes the skeleton of an adapter for a port (log-source, trace-source). It passes the contract and all checks.",
    leaves: "Writes new files and a line in the lists that name sources. Starts nothing.",
    words: { name: "PORT VENDOR", most: 2, such: "log-source vlogs" },
  },
  "grafana:export": {
    does: "Prints the service page as a dashboard for Grafana's provisioning, or writes it to FILE.",
    leaves: "Starts nothing. Reads the configuration that OPERATE_CONFIG names, else the sample's.",
    words: { name: "FILE", most: 1, fallback: "printed" },
  },
  screenshots: {
    does: "Takes the README's pictures anew, of a whole Operate with the sample; with FOLDER every page there, too.",
    leaves: `${STORM_LEAVES}Writes .github/images and FOLDER. OPERATE_CHROMIUM names the browser.`,
    words: { name: "FOLDER", most: 1 },
  },
  "bench:idle": {
    does: "Measures the memory and the processor time of each process of Operate with nothing to do, by default 5 minutes after its start.",
    leaves: `${STORM_LEAVES}Nothing else.`,
    options: {
      minutes: number(5, "how long it is left alone, the last of which is measured"),
      sample: { does: "with the sample's services and their traffic" },
      ...JSON_OPTION,
    },
  },
  soak: {
    does: "Runs the whole system under steady use and reports what still grows in the last third.",
    leaves: STORM_LEAVES + KEPT_AFTER_FAULT,
    options: { minutes: number(30, "how long"), ...JSON_OPTION },
  },
  "storm:deploy": {
    does: "Deploys two services over and over while worker, web and daemon are killed with -9 at random moments.",
    leaves: STORM_LEAVES + KEPT_AFTER_FAULT,
    options: { kills: number(100, "how many kills"), seed: number(1, "of the dice", 0), ...JSON_OPTION },
  },
  "storm:kill": {
    does: "Kills each of the 63 sets of supervisor, web, worker, collector, daemon and postmaster with -9.",
    leaves: STORM_LEAVES.trim(),
    options: { "stand-in-web": { does: "a small server in place of the built console" } },
  },
  bench: {
    does: "Runs the named benchmarks, else all of them, one after the other. Each also has a command of its own.",
    leaves: "Starts PostgreSQL and servers on free ports, and ends them; proxy-compare writes a page of docs.",
    options: Object.assign({}, ...Object.values(BENCHMARKS).map(({ options }) => options)),
    words: { name: "BENCHMARK", choices: Object.keys(BENCHMARKS), fallback: "all" },
  },
  ...Object.fromEntries(Object.values(BENCHMARKS).map(({ script, ...said }) => [script, said])),
};
