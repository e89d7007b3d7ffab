import { CAPABILITIES } from "../server/agent/capabilities.ts";
import { firstThere, freeKey, objectionToName, tell, writeSkeleton } from "./skeletons/write-skeleton.ts";
import { commandLine } from "./usage.mjs";

/**
 * `npm run new:capability -- NAME` writes a capability that works and passes all checks: people note something about a
 * service. A write with its audit entry and its event on the time line, a read that is a tool, a page in navigation.
 */
const name = commandLine("new:capability").words[0] ?? "";
const objection = objectionToName(name, "scaling", () => holderOf(name));
if (objection) {
  console.error(objection);
  process.exit(2);
}
/** Who has a name already: names of permissions and audit actions begin with it, pages and routers are called so. */
function holderOf(wanted: string): string | null {
  const holder = CAPABILITIES.find(({ name: other, permissions, auditActions, topics }) =>
    [other, ...permissions.map((permission) => permission.name), ...auditActions, ...topics]
      .map((one: string) => one.split(".")[0])
      .includes(wanted),
  );
  if (holder) return `the capability ${holder.name}`;
  const paths = [
    "server/agent/NAME",
    "server/NAME",
    "server/routers/NAME.ts",
    "components/NAME",
    "app/NAME",
    "app/*/NAME",
  ];
  return firstThere(paths.map((path) => path.replace("NAME", wanted)));
}

const Name = name.charAt(0).toUpperCase() + name.slice(1);
const from = (what: string, path: string) => `import { ${what} } from "${path}";\n`;
const FIRST_IMPORT = "import ";

const event = `/** Somebody noted something about a service; the subject is the note. */
const ${Name}Noted = Common.extend({
  ...{ kind: z.literal("${name}.noted"), service: z.string(), environment: z.string() },
  detail: z.object({ by: z.string() }),
});

`;

const written = writeSkeleton(["capability"], { name, Name, key: freeKey(name) }, [
  { file: "server/agent/capabilities.ts", before: FIRST_IMPORT, text: from(name, `./${name}/capability.ts`) },
  { file: "server/agent/capabilities.ts", before: "  audit,\n", text: `  ${name},\n` },
  { file: "server/agent/timeline/schema.ts", before: "export const TimelineEvent = ", text: event },
  { file: "server/agent/timeline/schema.ts", before: "]);\nexport type TimelineEvent", text: `  ${Name}Noted,\n` },
  ...["cause", "consumer"].map((file) => ({
    file: `server/agent/incidents/${file}.ts`,
    before: '    case "incident.opened":',
    text: `    case "${name}.noted":\n`,
  })),
  { file: "server/routers/index.ts", before: FIRST_IMPORT, text: from(`${name}Router`, `./${name}.ts`) },
  { file: "server/routers/index.ts", before: "  audit: auditRouter", text: `  ${name}: ${name}Router,\n` },
  {
    file: "server/testing/examples.ts",
    before: FIRST_IMPORT,
    text: from(`${name}Examples`, `../agent/${name}/examples.ts`),
  },
  { file: "server/testing/examples.ts", before: "  audit: auditExamples", text: `  ${name}: ${name}Examples,\n` },
  { file: "server/telemetry/http-metrics.ts", before: '  "audit",\n', text: `  "${name}",\n` },
  { file: "components/areas.ts", before: FIRST_IMPORT, text: from(name, `./${name}/area.tsx`) },
  { file: "components/areas.ts", before: "  audit,\n", text: `  ${name},\n` },
  { file: "e2e/fixtures/pages.ts", before: '  "/audit"', text: `  "/${name}",\n` },
  { file: "mcp/tools.test.ts", before: '  "list_deployments",\n', text: `  "list_${name}_notes",\n` },
]);
tell(
  written,
  `Check it: npm test -- verify unit server/agent/${name} mcp/tools.test.ts components/areas.test.ts. Then replace notes by what ${name} is for, file by file.
docs/how-to says what else a capability can have: jobs, workflows, a section of the configuration.`,
);
