import { z } from "zod";
import { ExpectStatus, Headers, HttpUrl, Name, readBy } from "../config-values.ts";
import { canonicalHost, parseServer } from "../kernel/hosts.ts";
import { PlainName } from "../kernel/schema.ts";

/** `monitoringConfig.healthEndpoints`: what is checked beside the services, and how. */

const Threshold = z.number().int().min(1).max(20);
const Host = readBy(canonicalHost, "a host name or an address, without a port");
const Resolver = readBy(parseServer, "an address of a resolver, as 1.1.1.1 or 1.1.1.1:5353");
const CheckCommon = {
  name: PlainName(80),
  intervalMs: z.number().int().min(1_000).max(3_600_000).optional().describe("default: checkIntervalMs"),
  timeoutMs: z.number().int().min(100).max(60_000).default(5_000),
  failureThreshold: Threshold.optional(),
  successThreshold: Threshold.optional(),
  dependsOn: z.array(z.string()).default([]).describe("names of endpoints or services whose failure explains this one"),
  environment: Name.optional().describe(
    "services in dependsOn are meant there; default: the last of deploymentConfig.environments",
  ),
  muted: z.boolean().default(false).describe("checked and shown, but leaves the overall state alone"),
};
const HttpCheckSchema = z.strictObject({
  ...CheckCommon,
  type: z.literal("http"),
  url: HttpUrl,
  method: z.enum(["GET", "HEAD"]).default("GET"),
  headers: Headers,
  expectStatus: ExpectStatus.default([200, 201, 202, 203, 204]),
  bodyIncludes: z.string().optional(),
  jsonPath: z
    .strictObject({
      path: z.string().min(1).describe("dotted, as in `status.db.0.ok`"),
      equals: z.union([z.string(), z.number(), z.boolean()]),
    })
    .optional(),
  maxLatencyMs: z.number().positive().optional().describe("slower is degraded"),
  tlsExpiryDays: z.number().int().positive().optional().describe("a certificate that ends sooner is degraded"),
});
const TcpCheckSchema = z.strictObject({
  ...CheckCommon,
  type: z.literal("tcp"),
  host: Host,
  port: z.number().int().min(1).max(65_535),
  maxLatencyMs: z.number().positive().optional(),
});
const DnsCheckSchema = z.strictObject({
  ...CheckCommon,
  type: z.literal("dns"),
  host: Host,
  recordType: z.enum(["A", "AAAA", "CNAME", "MX", "NS", "TXT"]).default("A"),
  expect: z.array(z.string()).default([]).describe("records that must be among the answers"),
  server: Resolver.optional().describe("address[:port] of the resolver to ask"),
  maxLatencyMs: z.number().positive().optional(),
});
const HealthEndpointSchema = z.discriminatedUnion("type", [HttpCheckSchema, TcpCheckSchema, DnsCheckSchema]);
export type HealthEndpoint = z.infer<typeof HealthEndpointSchema>;
/** As it is written: a URL alone asks for a 2xx answer and is named after itself. */
type HealthEndpointInput =
  | z.input<typeof HealthEndpointSchema>
  | Omit<z.input<typeof HttpCheckSchema>, "type" | "name">
  | string;

const LONGEST_NAME = 80;

/**
 * `https://shop.example.com/health?token=1` → `shop.example.com/health`: a name without what may be secret. A host
 * alone that could be a service's name keeps its slash. A placeholder stays as it is written: `${env:SHOP}/health`.
 */
function nameOfUrl(text: string): string {
  if (text.includes("${")) {
    const [address = ""] = text.replace(/^[a-z]{1,10}:\/\//i, "").split(/[?#]/);
    return (
      address
        .replace(/^[^/]*@/, "")
        .replace(/\/$/, "")
        .slice(0, LONGEST_NAME) || "endpoint"
    );
  }
  const url = URL.parse(text);
  if (!url) return text.slice(0, LONGEST_NAME) || "endpoint";
  const name = `${url.host}${url.pathname === "/" ? "" : url.pathname}`;
  return (Name.safeParse(name).success ? `${name}/` : name).slice(0, LONGEST_NAME);
}

/**
 * A name, or where it is taken already the same with ` (2)`, ` (3)` … after it. Adds it to those taken, which hold the
 * last number that was tried.
 */
export function distinctName(wanted: string, taken: Map<string, number>): string {
  let name = wanted;
  for (let n = taken.get(wanted) ?? 1; taken.has(name); taken.set(wanted, n)) {
    const suffix = ` (${++n})`;
    name = `${wanted.slice(0, LONGEST_NAME - suffix.length)}${suffix}`;
  }
  taken.set(name, taken.get(name) ?? 1);
  return name;
}

/** Endpoints of which only an address is written, as blocks of keys. */
const spelledOut = (endpoints: unknown): unknown =>
  Array.isArray(endpoints)
    ? endpoints.map((one: unknown) => (typeof one === "string" ? { type: "http", url: one } : one))
    : endpoints;

/**
 * An endpoint with an address and without a name gets one that no other has. It is made of what is `written`, never of
 * what placeholders in it were resolved to: names are shown everywhere.
 */
function named(endpoints: unknown, written: unknown): unknown {
  if (!Array.isArray(endpoints) || !Array.isArray(written)) return endpoints;
  const taken = new Map([...endpoints, ...written].flatMap((one) => (isNamed(one) ? [[one.name, 1] as const] : [])));
  return endpoints.map((one: unknown, i) => {
    if (!hasUrl(one)) return one;
    if (isNamed(one)) return { type: "http", ...one };
    const source: unknown = written[i];
    return { type: "http", name: distinctName(nameOfUrl(hasUrl(source) ? source.url : one.url), taken), ...one };
  });
}

const hasUrl = (one: unknown): one is { url: string } =>
  one !== null && typeof one === "object" && "url" in one && typeof one.url === "string";

function mapEndpoints(config: unknown, change: (endpoints: unknown) => unknown): unknown {
  const monitoringConfig = child(config, "monitoringConfig");
  const healthEndpoints = child(monitoringConfig, "healthEndpoints");
  if (!healthEndpoints) return config;
  return Object.assign({}, config, {
    monitoringConfig: { ...Object(monitoringConfig), healthEndpoints: change(healthEndpoints) },
  });
}

const child = (value: unknown, key: string): unknown =>
  value !== null && typeof value === "object" ? (value as Record<string, unknown>)[key] : undefined;

/** A configuration as it is written, its plain forms as the blocks that they stand for: what is said of them has one place. */
export const withoutPlainForms = (config: unknown): unknown => mapEndpoints(config, spelledOut);

/** A configuration of which placeholders may be resolved, with the names that `written`, the same unresolved, gives. */
export const withMadeNames = (config: unknown, written: unknown): unknown =>
  mapEndpoints(config, (endpoints) => named(endpoints, child(child(written, "monitoringConfig"), "healthEndpoints")));

const isNamed = (one: unknown): one is { name: string } =>
  one !== null && typeof one === "object" && "name" in one && typeof one.name === "string";

const HealthEndpointsSchema = z
  .preprocess<unknown, z.ZodArray<typeof HealthEndpointSchema>, HealthEndpointInput[]>(
    (written) => named(spelledOut(written), spelledOut(written)),
    z.array(HealthEndpointSchema),
  )
  .default([]);

/** Keys of `monitoringConfig`. */
export const HealthSettings = {
  healthEndpoints: HealthEndpointsSchema,
  checkIntervalMs: z.number().int().min(1_000).max(3_600_000).default(30_000),
  failureThreshold: Threshold.default(3),
  successThreshold: Threshold.default(2),
};
