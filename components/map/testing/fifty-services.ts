import type { ServiceMapOutput } from "#server/agent/traces/schema.ts";

const LAYERS = [
  ["web-gateway", "mobile-gateway", "partner-api"],
  ["storefront", "search-frontend", "account-pages", "checkout", "order-tracking", "content", "admin-console"],
  [
    ...["catalog", "pricing", "promotions", "cart", "payments", "fraud-detection", "inventory", "shipping-quotes"],
    ...["recommendations", "reviews", "identity", "sessions", "notification-dispatcher"],
  ],
  [
    ...["search-index", "image-resizer", "currency-rates", "tax-calculator", "ledger", "card-vault", "risk-model"],
    ...[
      "warehouse-sync",
      "carrier-gateway",
      "feature-flags",
      "email-sender",
      "sms-sender",
      "push-sender",
      "audit-trail",
    ],
  ],
  ["postgres-orders", "postgres-catalog", "redis-sessions", "kafka", "object-store", "elasticsearch"],
  [
    "stripe.com",
    "fedex-api.example.com",
    "mail.example.com",
    "taxjar.example.com",
    "ecb.europa.eu",
    "twilio.com",
    "s3",
  ],
] as const;

const FAILING: readonly string[] = ["payments", "card-vault"];
type Node = ServiceMapOutput["nodes"][number];
type Edge = ServiceMapOutput["edges"][number];

const healthOf = (id: string, depth: number): Node["health"] => {
  if (depth >= 4) return null;
  return FAILING.includes(id) ? "down" : id === "checkout" ? "degraded" : "up";
};

const nodeOf = (id: string, depth: number, i: number): Node => ({
  ...{ id, label: id, configured: depth < 4, health: healthOf(id, depth), requests: 9_000 },
  kind: depth === 5 ? "external" : "service",
  version: depth < 4 ? `${1 + (i % 3)}.${i}.0` : null,
  overSeconds: null,
  causedBy: null,
  requestsPerSecond: 400 / (depth + 1) / (i + 1),
  errorPercent: FAILING.includes(id) ? 12.5 : i % 4 === 0 ? 0.3 : 0,
  p95Ms: 20 + 37 * i + 11 * depth,
});

const SEEN = { seen: true, configured: false, p95Ms: 48, requests: 900 };
const UNSEEN = { seen: false, configured: true, p95Ms: null, requests: 0 };

const edgeOf = (from: string, to: string, perSecond: number | null): Edge => ({
  ...{ from, to, overSeconds: null, requestsPerSecond: perSecond, ...(perSecond === null ? UNSEEN : SEEN) },
  errorPercent: perSecond === null ? null : FAILING.includes(to) ? 11.8 : 0,
});

/** A made-up map of fifty services in six layers, two of them failing, for tests and for looking at. */
export function fiftyServices(): Pick<ServiceMapOutput, "nodes" | "edges"> {
  const nodes = LAYERS.flatMap((layer, depth) => layer.map((id, i) => nodeOf(id, depth, i)));
  const edges = LAYERS.slice(0, -1).flatMap((layer, depth) => {
    const next = LAYERS[depth + 1] ?? [];
    return layer.flatMap((from, i) => {
      const targets = new Set([i, i * 2 + 1, ...(i % 3 === 0 ? [i * 5 + 2] : [])].map((n) => n % next.length));
      return [...targets].map((target, n) =>
        edgeOf(from, next[target] ?? "", (i + n) % 7 === 6 ? null : 300 / (depth + 1) / (i + n + 1) ** 2),
      );
    });
  });
  return { nodes, edges };
}
