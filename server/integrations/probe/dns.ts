import { Resolver } from "node:dns/promises";
import { AppError } from "../../agent/kernel/errors.ts";
import { parseServer } from "../../agent/kernel/hosts.ts";
import type { ProbeResult, ProbeSpec } from "../../agent/ports/prober.ts";
import type { Reachable } from "../http/reachable.ts";
import { tooSlow } from "./judge.ts";

type DnsSpec = Extract<ProbeSpec, { type: "dns" }>;

async function answersOf(resolver: Resolver, spec: DnsSpec): Promise<string[]> {
  switch (spec.recordType) {
    case "A":
      return await resolver.resolve4(spec.host);
    case "AAAA":
      return await resolver.resolve6(spec.host);
    case "CNAME":
      return await resolver.resolveCname(spec.host);
    case "NS":
      return await resolver.resolveNs(spec.host);
    case "MX":
      return (await resolver.resolveMx(spec.host)).map((record) => `${record.priority} ${record.exchange}`);
    case "TXT":
      return (await resolver.resolveTxt(spec.host)).map((parts) => parts.join(""));
  }
}

/** An expected record as it may be written: `mx.example.org` also stands for `10 mx.example.org`. */
const matches = (answer: string, expected: string): boolean => {
  const plain = (text: string) => text.toLowerCase().replace(/\.$/, "");
  return plain(answer) === plain(expected) || plain(answer.replace(/^\d+ /, "")) === plain(expected);
};

/** Asks the system's resolver or `server`, whose address obeys the same rule as any other target. */
export async function probeDns(reachable: Reachable, spec: DnsSpec, signal: AbortSignal): Promise<ProbeResult> {
  const resolver = new Resolver({ timeout: Math.max(100, Math.floor(spec.timeoutMs / 2)), tries: 2 });
  if (spec.server !== undefined) {
    const { host, port } = parseServer(spec.server);
    const found = await reachable.addressesOf(host, spec.trusted?.includes(`${host}:${port}`));
    resolver.setServers(
      found.map(({ address, family }) => (family === 6 ? `[${address}]:${port}` : `${address}:${port}`)),
    );
  }
  const startedAt = performance.now();
  const giveUp = () => resolver.cancel();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const answers = await answersOf(resolver, spec);
    const latencyMs = performance.now() - startedAt;
    const missing = spec.expect.filter((expected) => !answers.some((answer) => matches(answer, expected)));
    if (missing.length > 0) {
      const message = `answered ${answers.slice(0, 5).join(", ") || "nothing"}; missing ${missing.join(", ")}`;
      return { outcome: "down", latencyMs, statusCode: null, message };
    }
    const slow = tooSlow(latencyMs, spec.maxLatencyMs);
    return { outcome: slow ? "degraded" : "up", latencyMs, statusCode: null, message: slow };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    const why =
      code === "ENOTFOUND" || code === "ENODATA"
        ? `has no ${spec.recordType} record`
        : `could not be resolved (${code.replace(/^E/, "").toLowerCase() || "no answer"})`;
    throw new AppError("UPSTREAM_UNAVAILABLE", `${spec.host} ${why}.`, { cause });
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
