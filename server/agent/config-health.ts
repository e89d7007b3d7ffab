import { z } from "zod";
import { PlainName } from "./kernel/schema.ts";

/** `monitoringConfig.healthEndpoints`: what is checked beside the services, and how. */

const Name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, "lower-case letters, digits and dashes, starting with a letter, at most 40");
export const Threshold = z.number().int().min(1).max(20);
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
  url: z.url({ protocol: /^https?$/ }),
  method: z.enum(["GET", "HEAD"]).default("GET"),
  headers: z.record(z.string(), z.string()).default({}),
  expectStatus: z.array(z.number().int().min(100).max(599)).default([200, 201, 202, 203, 204]),
  bodyIncludes: z.string().optional(),
  jsonPath: z
    .strictObject({
      path: z.string().describe("dotted, as in `status.db.0.ok`"),
      equals: z.union([z.string(), z.number(), z.boolean()]),
    })
    .optional(),
  maxLatencyMs: z.number().positive().optional().describe("slower is degraded"),
  tlsExpiryDays: z.number().int().positive().optional().describe("a certificate that ends sooner is degraded"),
});
const TcpCheckSchema = z.strictObject({
  ...CheckCommon,
  type: z.literal("tcp"),
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535),
  maxLatencyMs: z.number().positive().optional(),
});
const DnsCheckSchema = z.strictObject({
  ...CheckCommon,
  type: z.literal("dns"),
  host: z.string().min(1),
  recordType: z.enum(["A", "AAAA", "CNAME", "MX", "NS", "TXT"]).default("A"),
  expect: z.array(z.string()).default([]).describe("records that must be among the answers"),
  server: z.string().optional().describe("address[:port] of the resolver to ask"),
  maxLatencyMs: z.number().positive().optional(),
});
const HealthEndpointSchema = z.discriminatedUnion("type", [HttpCheckSchema, TcpCheckSchema, DnsCheckSchema]);
export type HealthEndpoint = z.infer<typeof HealthEndpointSchema>;
/** As it is written: a URL alone asks for a 2xx answer and is named after itself. */
type HealthEndpointInput =
  | z.input<typeof HealthEndpointSchema>
  | Omit<z.input<typeof HttpCheckSchema>, "type" | "name">
  | string;

/** `https://shop.example.com/health?token=1` → `shop.example.com/health`: a name without what may be secret. */
function nameOfUrl(text: string): string {
  const url = URL.parse(text);
  return url ? `${url.host}${url.pathname === "/" ? "" : url.pathname}`.slice(0, 80) : text.slice(0, 80);
}

function withDefaults(written: unknown): unknown {
  if (typeof written === "string") return { type: "http", name: nameOfUrl(written), url: written };
  if (written === null || typeof written !== "object" || !("url" in written) || typeof written.url !== "string")
    return written;
  return { type: "http", name: nameOfUrl(written.url), ...written };
}

export const HealthEndpointsSchema = z
  .array(z.preprocess<unknown, typeof HealthEndpointSchema, HealthEndpointInput>(withDefaults, HealthEndpointSchema))
  .default([]);
