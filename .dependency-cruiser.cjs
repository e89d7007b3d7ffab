/** Which way imports point. Everything here is an error; docs/architecture.md has it as a table. */

const TESTS = "\\.test\\.tsx?$|^server/testing/|^server/.+/examples\\.ts$|^e2e/";
/** what every capability stands on */
const GROUND = "(?:kernel|ports|catalog|actions|text|telemetry)";
const CAPABILITIES = `^server/agent/(?!${GROUND}/)[^/]+/`;
const ADAPTERS = "^server/(?:db|integrations|telemetry-store)/";
const SCHEMAS = ["^server/[^/]+/(schema|words)\\.ts$", "^server/[^/]+/[^/]+/(schema|words)\\.ts$"];
const TYPES = ["type-only"];

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment: "Two files that need each other are one file, or hide a third. Types may point back.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: TYPES } },
    },
    {
      name: "resolvable",
      comment: "Every import names something that is there.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "declared-packages",
      comment: "A package that is imported is in package.json, and the product does not need a development package.",
      severity: "error",
      from: { pathNot: `${TESTS}|^(bench|scripts|examples)/|\\.config\\.(ts|mjs)$` },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: TYPES },
    },
    {
      name: "app-is-the-top",
      comment: "Nothing imports pages and routes.",
      severity: "error",
      from: { pathNot: `^app/|${TESTS}` },
      to: { path: "^app/" },
    },
    {
      name: "pages-hold-no-rules",
      comment: "A page calls procedures and renders components; of the core it knows schemas only.",
      severity: "error",
      from: { path: "^app/", pathNot: `^app/(api|healthz|readyz|metrics)/|${TESTS}` },
      to: {
        path: "^(server|mcp)/",
        pathNot: [
          "^server/(routers|auth)/",
          ...SCHEMAS,
          "^server/agent/config(-services)?\\.ts$",
          `^server/agent/${GROUND}/`,
        ],
        dependencyTypesNot: TYPES,
      },
    },
    {
      name: "routes-hand-over",
      comment: "Route handlers build the context and hand over: no Prisma, no capability, no vendor.",
      severity: "error",
      from: { path: "^app/", pathNot: TESTS },
      to: { path: `${CAPABILITIES}(?!(schema|words)\\.ts$)|${ADAPTERS}`, dependencyTypesNot: TYPES },
    },
    {
      name: "components-take-schemas",
      comment: "Values only from schemas and the kernel's pure parts; types from routers.",
      severity: "error",
      from: { path: "^components/", pathNot: `^components/trpc/server\\.ts$|${TESTS}` },
      to: {
        path: "^(server|mcp)/",
        pathNot: [...SCHEMAS, `^server/agent/${GROUND}/[^/]+\\.ts$`],
        dependencyTypesNot: TYPES,
      },
    },
    {
      name: "words-weigh-nothing",
      comment: "Words are plain constants for a page's first load: no zod, and no file that brings it.",
      severity: "error",
      from: { path: "^server/.+/words\\.ts$" },
      to: { pathNot: "/words\\.ts$", dependencyTypesNot: TYPES },
    },
    {
      name: "manifests-are-words",
      comment:
        "What a capability declares is plain data, so that the kernel can be built from it and no circle closes.",
      severity: "error",
      from: { path: "^server/.+/capability\\.ts$" },
      to: { pathNot: "/words\\.ts$", dependencyTypesNot: TYPES },
    },
    {
      name: "manifests-meet-in-one-list",
      comment: "What is built from all capabilities asks the list, not one of them.",
      severity: "error",
      from: { pathNot: `^server/agent/capabilities\\.ts$|${TESTS}` },
      to: { path: "^server/(?:agent/[^/]+|audit|auth)/capability\\.ts$" },
    },
    {
      name: "primitives-know-no-capability",
      comment: "What every area shares knows none of them.",
      severity: "error",
      from: { path: "^components/(ui|charts|data-table|feedback|layout|lib|palette)/", pathNot: TESTS },
      to: { path: `${CAPABILITIES}|^components/(?!ui/|charts/|data-table/|feedback/|layout/|lib/|palette/|trpc/)` },
    },
    {
      name: "tools-are-procedures",
      comment: "An MCP tool is a procedure: never a capability, never the database.",
      severity: "error",
      from: { path: "^mcp/", pathNot: TESTS },
      to: { path: `${CAPABILITIES}|${ADAPTERS}`, dependencyTypesNot: TYPES },
    },
    {
      name: "routers-are-thin",
      comment: "A router calls a capability's index, the identity or the configuration; never a store or a vendor.",
      severity: "error",
      from: { path: "^server/routers/", pathNot: TESTS },
      to: {
        path: `${CAPABILITIES}(?!(index|schema|words)\\.ts$)|${ADAPTERS}|^server/container/`,
        dependencyTypesNot: TYPES,
      },
    },
    {
      name: "the-core-knows-no-outside",
      comment: "server/agent is plain TypeScript: no framework, no vendor, no process.",
      severity: "error",
      from: { path: "^server/agent/", pathNot: `^server/agent/operate-agent\\.ts$|${TESTS}` },
      to: {
        path: "^(app|components|mcp|e2e|scripts|bench)/|^server/(?!agent/|config/|db/client\\.ts$|db/generated/|(?:auth|audit)/capability\\.ts$)|node_modules/(next|react|@trpc|@modelcontextprotocol|better-auth|@dbos-inc|undici|pg)/",
        dependencyTypesNot: TYPES,
      },
    },
    {
      name: "the-class-loads-the-container-late",
      comment: "OperateAgent brings its own runtime when it is used as a script, and only then.",
      severity: "error",
      from: { path: "^server/agent/operate-agent\\.ts$" },
      to: { path: "^server/(?!agent/|config/)", dependencyTypesNot: ["type-only", "dynamic-import"] },
    },
    {
      name: "capabilities-meet-at-the-index",
      comment: "Of another capability only its index, its schema, its words and its section of the configuration.",
      severity: "error",
      from: { path: `^server/agent/(?!${GROUND}/)([^/]+)/(?!jobs\\.ts$)`, pathNot: TESTS },
      to: { path: `${CAPABILITIES}(?!(index|schema|words|config)\\.ts$)`, pathNot: "^server/agent/$1/" },
    },
    {
      name: "jobs-load-in-the-worker",
      comment: "Of another capability jobs know what everybody may know, and its jobs.",
      severity: "error",
      from: { path: `^server/agent/(?!${GROUND}/)([^/]+)/jobs\\.ts$` },
      to: { path: `${CAPABILITIES}(?!(index|schema|words|config|jobs)\\.ts$)`, pathNot: "^server/agent/$1/" },
    },
    {
      name: "kernel-and-ports-stand-below",
      comment:
        "The kernel, the ports and what is common of the catalog, actions, texts and telemetry know no capability beyond its schema, words and section of the configuration.",
      severity: "error",
      from: { path: `^server/agent/${GROUND}/`, pathNot: TESTS },
      to: { path: `${CAPABILITIES}(?!(schema|words|config)\\.ts$)` },
    },
    {
      name: "stores-hold-the-queries",
      comment: "In the core only a store reaches the database; others take the types.",
      severity: "error",
      from: {
        path: "^server/agent/",
        pathNot: `/(store|store-[a-z-]+|[a-z-]+-store)\\.ts$|^server/agent/operate-agent\\.ts$|${TESTS}`,
      },
      to: { path: "^server/db/", dependencyTypesNot: TYPES },
    },
    {
      name: "integrations-implement-ports",
      comment:
        "An integration knows ports and the kernel; no capability beyond its schema, words and section of the configuration.",
      severity: "error",
      from: { path: "^server/(integrations|telemetry-store)/", pathNot: TESTS },
      to: {
        path: `${CAPABILITIES}(?!(schema|words|config)\\.ts$)|^server/(routers|auth|start)/|^server/container/|^server/(web|worker|start)\\.ts$|^(mcp|components)/`,
        dependencyTypesNot: TYPES,
      },
    },
    {
      name: "integrations-stand-alone",
      comment: "One outside system does not know another; all share the guarded HTTP client, and OTLP's decoders.",
      severity: "error",
      from: { path: "^server/integrations/([^/]+)/", pathNot: TESTS },
      to: { path: "^server/(integrations/[^/]+|telemetry-store)/", pathNot: "^server/integrations/($1|http|otlp)/" },
    },
    {
      name: "one-composition-root",
      comment:
        "Adapters are made in server/container alone; everybody else gets them. The collector's door decodes with the vendors' decoders, and a few files that make nothing are shared.",
      severity: "error",
      from: {
        path: "^(app|components|mcp|server)/",
        pathNot: `^server/(collector|container|integrations|telemetry-store|durable|start)/|^server/start\\.ts$|${TESTS}`,
      },
      to: {
        path: "^server/(integrations|telemetry-store|durable)/",
        pathNot: [
          "^server/integrations/local/(state/paths|balancer/(refusals|listeners))\\.ts$",
          "^server/durable/lease-times\\.ts$",
        ],
        dependencyTypesNot: TYPES,
      },
    },
    {
      name: "the-supervisor-starts-processes",
      comment:
        "Processes are started by file name; importing one would run it inside the supervisor. It adopts a daemon by its lock, cuts logs as the daemon does, and keeps what instances were started with out of its lines.",
      severity: "error",
      from: { path: "^server/start(/|\\.ts$)", pathNot: TESTS },
      to: {
        path: "^server/(web|worker|collector)\\.ts$|^server/(container|routers|integrations|telemetry-store)/|^server/durable/(?!lease-times\\.ts$)|^server/db/client\\.ts$|^mcp/",
        pathNot:
          "^server/integrations/local/(running-daemon|instance/process|logs/log-cut|instance/launch-values)\\.ts$",
      },
    },
    {
      name: "only-tests-import-testing",
      comment: "Builders and fakes stay out of the product.",
      severity: "error",
      from: { pathNot: `${TESTS}|^vitest\\.config\\.ts$|^bench/|^scripts/screenshots\\.ts$` },
      to: { path: TESTS },
    },
  ],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^server/db/generated/|^\\.next/" },
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".mjs", ".js", ".json", ".css"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      mainFields: ["module", "main", "types"],
    },
  },
};
