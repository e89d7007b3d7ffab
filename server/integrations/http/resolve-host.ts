import { Resolver, lookup as systemLookup } from "node:dns/promises";
import { readFileSync, statSync } from "node:fs";
import { isIP } from "node:net";
import { monotonicMs } from "#server/agent/kernel/clock.ts";
import { AppError } from "../../agent/kernel/errors.ts";
import { Slots } from "../../agent/kernel/slots.ts";

export interface ResolvedAddress {
  address: string;
  family: 4 | 6;
}

/** Addresses of a name, IPv4 first. @throws UPSTREAM_UNAVAILABLE when the name has none or cannot be resolved. */
export type ResolveHost = (hostname: string) => Promise<ResolvedAddress[]>;

const HOSTS_FILE = process.platform === "win32" ? "C:\\Windows\\System32\\drivers\\etc\\hosts" : "/etc/hosts";
const KEEP_MS = 5_000;
/** of the four threads that getaddrinfo shares with the file system: a dead resolver must not take them all */
const SYSTEM_LOOKUPS = 2;

const asAddress = (address: string): ResolvedAddress => ({ address, family: isIP(address) === 6 ? 6 : 4 });

function createHostsFile(file: string): (hostname: string) => ResolvedAddress[] {
  let readAt = Number.NEGATIVE_INFINITY;
  let modifiedAt = -1;
  let names = new Map<string, ResolvedAddress[]>();
  const read = () => {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (!stat || stat.mtimeMs === modifiedAt) return;
    modifiedAt = stat.mtimeMs;
    names = new Map();
    for (const line of readFileSync(file, "utf8").split("\n")) {
      const [address = "", ...hosts] = line.replace(/#.*/, "").trim().split(/\s+/);
      if (!isIP(address)) continue;
      for (const host of hosts)
        names.set(host.toLowerCase(), [...(names.get(host.toLowerCase()) ?? []), asAddress(address)]);
    }
  };
  return (hostname) => {
    if (monotonicMs() - readAt > KEEP_MS) {
      readAt = monotonicMs();
      read();
    }
    return names.get(hostname) ?? [];
  };
}

/** At most `SYSTEM_LOOKUPS` at once; needed for search domains, as in Kubernetes' short names. */
function createSystemLookup(): ResolveHost {
  const slots = new Slots(SYSTEM_LOOKUPS);
  return (hostname) =>
    slots.inTurn(async () => (await systemLookup(hostname, { all: true })).map((found) => asAddress(found.address)));
}

/**
 * Resolves names as the system does (hosts file, then DNS, then search domains), but with a DNS client that waits on
 * no thread, so that a resolver that hangs for one name holds up nothing else. Answers are kept for 5 s.
 */
export function createHostResolver(options: { hostsFile?: string; timeoutMs?: number } = {}): ResolveHost {
  const hosts = createHostsFile(options.hostsFile ?? HOSTS_FILE);
  const dns = new Resolver({ timeout: options.timeoutMs ?? 2_000, tries: 2 });
  const system = createSystemLookup();
  const known = new Map<string, { at: number; answer: Promise<ResolvedAddress[]> }>();

  const ask = async (hostname: string): Promise<ResolvedAddress[]> => {
    const listed = hosts(hostname);
    if (listed.length > 0) return listed;
    if (hostname === "localhost" || hostname.endsWith(".localhost")) return [asAddress("127.0.0.1"), asAddress("::1")];
    const [v4, v6] = await Promise.allSettled([dns.resolve4(hostname), dns.resolve6(hostname)]);
    const found = [v4, v6].flatMap((result) => (result.status === "fulfilled" ? result.value.map(asAddress) : []));
    if (found.length > 0) return found;
    try {
      return await system(hostname);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? "no answer";
      throw new AppError("UPSTREAM_UNAVAILABLE", `The name ${hostname} does not resolve (${code}).`, { cause });
    }
  };

  return (hostname) => {
    const name = hostname.toLowerCase().replace(/\.$/, "");
    const now = performance.now();
    const kept = known.get(name);
    if (kept && now - kept.at < KEEP_MS) return kept.answer;
    if (known.size > 10_000) known.clear();
    const answer = ask(name);
    known.set(name, { at: now, answer });
    answer.catch(() => known.delete(name)); // a failure is asked again at once
    return answer;
  };
}
