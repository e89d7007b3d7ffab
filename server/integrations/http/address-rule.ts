import ipaddr from "ipaddr.js";
import { AppError } from "../../agent/kernel/errors.ts";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Instance metadata of AWS, Azure, GCP, Oracle, DigitalOcean (169.254.169.254), AWS ECS, AWS over IPv6, Alibaba. */
const METADATA = [
  "169.254.169.254",
  "169.254.170.2",
  "fd00:ec2::254",
  "fd00:ec2::23",
  "fd20:ce::254",
  "100.100.100.200",
];
const METADATA_NAMES = new Set(["metadata", "metadata.google.internal", "metadata.goog", "instance-data"]);
const NAT64 = ["64:ff9b::/96", "64:ff9b:1::/48"].map((range) => ipaddr.parseCIDR(range));

/** Says which addresses requests on somebody's behalf may reach. */
export interface AddressRule {
  /** `trusted`: only metadata addresses are refused. @throws FORBIDDEN with the reason and what to do */
  checkAddress(ip: string, trusted?: boolean): void;
  /** names that are refused whatever they resolve to. @throws FORBIDDEN */
  checkName(hostname: string): void;
}

const RANGE_WORDS: Record<string, string> = {
  private: "a private",
  uniqueLocal: "a private",
  loopback: "a loopback",
  linkLocal: "a link-local",
  carrierGradeNat: "a carrier-grade NAT",
  multicast: "a multicast",
  broadcast: "a broadcast",
  unspecified: "an unspecified",
};

/** IPv4 carried inside IPv6 (mapped, NAT64, 6to4, IPv4-compatible) as that IPv4; anything else as it is. */
function innermost(address: Address): Address {
  if (!(address instanceof ipaddr.IPv6)) return address;
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  const bytes = address.toByteArray();
  const at = (start: number) => new ipaddr.IPv4(bytes.slice(start, start + 4));
  if (NAT64.some((range) => address.match(range))) return at(12);
  if (address.range() === "6to4") return at(2);
  const compatible = bytes.slice(0, 12).every((byte) => byte === 0) && bytes.slice(12, 15).some((byte) => byte !== 0);
  return compatible ? at(12) : address;
}

const within = (address: Address, ranges: readonly [Address, number][]) =>
  ranges.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));

function parseRange(text: string): [Address, number] {
  const cidr = text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`;
  if (!ipaddr.isValidCIDR(cidr))
    throw new AppError("INVALID", `outbound: \`${text}\` is not an address range. Write it as 10.0.0.0/8 or fd00::/8.`);
  return ipaddr.parseCIDR(cidr);
}

/**
 * Only public unicast addresses are reached, plus what `allow` lists; `deny` wins over `allow`, and metadata
 * addresses are refused even when listed. @throws INVALID when a range cannot be read.
 */
export function createAddressRule(config: { allow: readonly string[]; deny: readonly string[] }): AddressRule {
  const allow = config.allow.map(parseRange);
  const deny = config.deny.map(parseRange);
  const metadata = METADATA.map(parseRange);
  const refuse = (ip: string, why: string, advice = "") =>
    new AppError("FORBIDDEN", `${ip} ${why} and is not reached.${advice}`, { details: { address: ip } });

  return {
    checkAddress(ip, trusted = false) {
      const bare = ip.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
      if (!ipaddr.isValid(bare)) throw refuse(ip, "is not an IP address");
      const outer = ipaddr.parse(bare);
      const inner = innermost(outer);
      const forms = inner === outer ? [outer] : [outer, inner];
      if (forms.some((form) => within(form, metadata))) throw refuse(ip, "is a cloud metadata address");
      if (trusted) return;
      if (forms.some((form) => within(form, deny))) throw refuse(ip, "is denied by `outbound.deny`");
      if (forms.some((form) => within(form, allow))) return;
      const range = inner.range();
      if (range === "unicast") return;
      throw refuse(
        ip,
        `is ${RANGE_WORDS[range] ?? "a reserved"} address`,
        " Add its range to `outbound.allow` in the configuration if requests should reach it.",
      );
    },
    checkName(hostname) {
      if (METADATA_NAMES.has(hostname.toLowerCase().replace(/\.$/, "")))
        throw new AppError("FORBIDDEN", `${hostname} is a cloud metadata name and is not reached.`);
    },
  };
}
