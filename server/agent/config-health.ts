import { z } from "zod";
import { ExpectStatus, Headers, HttpUrl, Name, readBy } from "./config-values.ts";
import { canonicalHost, parseServer } from "./kernel/hosts.ts";
import { PlainName } from "./kernel/schema.ts";

/** `monitoringConfig.healthEndpoints`: what is checked beside the services, and how. */

export const Threshold = z.number().int().min(1).max(20);
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
 * alone that could be a service's name keeps its slash.
 */
function nameOfUrl(text: string): string {
  const url = URL.parse(text);
  if (!url) return text.slice(0, LONGEST_NAME);
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

/** An endpoint of which only an address is written gets the rest: HTTP, and a name that no other one has. */
function withDefaults(written: unknown): unknown {
  if (!Array.isArray(written)) return written;
  const taken = new Map(written.flatMap((one: unknown) => (isNamed(one) ? [[one.name, 1] as const] : [])));
  return written.map((one: unknown) => {
    const endpoint: unknown = typeof one === "string" ? { url: one } : one;
    if (endpoint === null || typeof endpoint !== "object" || !("url" in endpoint) || typeof endpoint.url !== "string")
      return endpoint;
    if (isNamed(endpoint)) return { type: "http", ...endpoint };
    return { type: "http", name: distinctName(nameOfUrl(endpoint.url), taken), ...endpoint };
  });
}

const isNamed = (one: unknown): one is { name: string } =>
  one !== null && typeof one === "object" && "name" in one && typeof one.name === "string";

export const HealthEndpointsSchema = z
  .preprocess<unknown, z.ZodArray<typeof HealthEndpointSchema>, HealthEndpointInput[]>(
    withDefaults,
    z.array(HealthEndpointSchema),
  )
  .default([]);
