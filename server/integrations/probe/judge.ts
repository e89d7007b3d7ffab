import type { HealthEndpoint } from "../../agent/health/config.ts";
import { dataWithoutConfidential } from "../../agent/kernel/confidential/confidential.ts";
import type { ProbeResult } from "../../agent/ports/prober.ts";
import { statusRanges } from "../../agent/text/status-ranges.ts";

type HttpExpectations = Pick<
  Extract<HealthEndpoint, { type: "http" }>,
  "expectStatus" | "bodyIncludes" | "jsonPath" | "maxLatencyMs" | "tlsExpiryDays"
>;

interface HttpAnswer {
  status: number;
  body: string;
  truncated: boolean;
  latencyMs: number;
  tls: { validTo: string } | null;
}

const DAY_MS = 86_400_000;

/** Whole days until a certificate ends, negative once it has. */
export const daysUntil = (validTo: string, now: Date): number =>
  Math.floor((Date.parse(validTo) - now.getTime()) / DAY_MS);

/** The value at a dotted path, `status.db.0.ok`; undefined when there is none. */
export function valueAt(document: unknown, path: string): unknown {
  let value = document;
  for (const key of path.split(".")) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** Cleaned before it is cut: half a secret is one, too. */
const shown = (value: unknown): string => (JSON.stringify(dataWithoutConfidential(value)) ?? "nothing").slice(0, 80);

/** What is wrong with the content of an answer, as a sentence; null when it is as expected. */
function wrongContent(answer: HttpAnswer, expect: HttpExpectations): string | null {
  if (!expect.expectStatus.includes(answer.status))
    return `answered ${answer.status}; expected ${statusRanges(expect.expectStatus)}`;
  if (expect.bodyIncludes !== undefined && !answer.body.includes(expect.bodyIncludes))
    return `answered ${answer.status} without ${shown(expect.bodyIncludes)} in the body${answer.truncated ? " (its first part)" : ""}`;
  if (!expect.jsonPath) return null;
  const { path, equals } = expect.jsonPath;
  let document: unknown;
  try {
    document = JSON.parse(answer.body);
  } catch {
    return `answered ${answer.status} with a body that is not JSON; expected ${path} in it`;
  }
  const found = valueAt(document, path);
  return found === equals ? null : `${path} is ${shown(found)}; expected ${shown(equals)}`;
}

/** Slower than `maxLatencyMs` as a sentence, else null. */
export const tooSlow = (latencyMs: number, maxLatencyMs: number | undefined): string | null =>
  maxLatencyMs !== undefined && latencyMs > maxLatencyMs
    ? `took ${Math.round(latencyMs)} ms; over ${maxLatencyMs} ms is degraded`
    : null;

/** Down when the content is wrong; degraded when it is slow or its certificate ends soon; else up. */
export function judgeHttp(answer: HttpAnswer, expect: HttpExpectations, now: Date): ProbeResult {
  const result = (outcome: ProbeResult["outcome"], message: string | null): ProbeResult => ({
    outcome,
    message,
    latencyMs: answer.latencyMs,
    statusCode: answer.status,
  });
  const wrong = wrongContent(answer, expect);
  if (wrong) return result("down", wrong);
  const reasons = [tooSlow(answer.latencyMs, expect.maxLatencyMs)];
  if (expect.tlsExpiryDays !== undefined && answer.tls) {
    const days = daysUntil(answer.tls.validTo, now);
    if (days < expect.tlsExpiryDays)
      reasons.push(`its TLS certificate ends in ${days} days; under ${expect.tlsExpiryDays} is degraded`);
  }
  const found = reasons.filter((reason) => reason !== null);
  return found.length > 0 ? result("degraded", found.join("; ")) : result("up", null);
}
