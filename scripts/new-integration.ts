import { SOURCE_KINDS } from "../server/agent/ports/source.ts";
import { firstThere, type Insertion, objectionToName, tell, writeSkeleton } from "./skeletons/write-skeleton.ts";
import { commandLine } from "./usage.mjs";

/**
 * `npm run new:integration -- PORT VENDOR` writes an adapter that works and passes its port's contract on a double of a
 * small HTTP API. Replace that API by the vendor's: first in the double, then in client, mapper and queries.
 */

/** What differs between the ports that there are skeletons for. */
const PORTS = {
  "log-source": {
    apis: "] as const;\nexport const TRACES_APIS",
    adapters: "} satisfies Record<(typeof LOGS_APIS)",
    key: "monitoringConfig.logsApi",
  },
  "trace-source": {
    apis: "] as const;\n\nexport const SOURCE_KINDS",
    adapters: "} satisfies Record<(typeof TRACES_APIS)",
    key: "monitoringConfig.tracesApi",
  },
} as const;
type Port = keyof typeof PORTS;
const isPort = (text: string): text is Port => Object.hasOwn(PORTS, text);

const [port = "", name = ""] = commandLine("new:integration").words;
const refuse = (message: string): never => {
  console.error(message);
  process.exit(2);
};
if (!isPort(port)) {
  if (isPort(name)) throw refuse(`The port comes first: npm run new:integration -- ${name} ${port}`);
  const metrics =
    port === "metrics-source"
      ? " Most stores of metrics speak Prometheus' HTTP API: set monitoringConfig.metricsEndpoint."
      : "";
  throw refuse(
    `There is no skeleton for the port \`${port.slice(0, 40)}\`. Skeletons: ${Object.keys(PORTS).join(", ")}.${metrics} For another port see docs/how-to/add-an-integration.md.`,
  );
}
const kinds: readonly string[] = SOURCE_KINDS;
const objection = objectionToName(name, "vlogs", () =>
  kinds.includes(name)
    ? "a source of telemetry"
    : firstThere([`server/integrations/${name}`, `server/testing/doubles/${name}-double.ts`]),
);
if (objection) refuse(objection);

const Name = name.charAt(0).toUpperCase() + name.slice(1);
const { apis, adapters, key } = PORTS[port];
const insertions: Insertion[] = [
  { file: "server/agent/ports/source.ts", before: apis, text: `, "${name}"` },
  {
    file: "server/container/sources.ts",
    before: "import ",
    text: `import { create${Name}Source } from "../integrations/${name}/index.ts";\n`,
  },
  { file: "server/container/sources.ts", before: adapters, text: `  ${name}: create${Name}Source,\n` },
  {
    file: "components/feedback/source-words.ts",
    before: "};\n\n/** The host of an address",
    text: `  ${name}: "${Name}",\n`,
  },
];
tell(
  writeSkeleton(["source", port], { name, Name }, insertions),
  `Check it: npm test -- verify unit server/integrations/${name}. It is chosen by ${key}: ${name}; its name for people is in components/feedback/source-words.ts.
Then make the double speak as ${Name} does, and the adapter after it.`,
);
