import ipaddr from "ipaddr.js";
import { type Address, type AddressRange, parseRange } from "../../agent/kernel/address-range.ts";
import { AppError } from "../../agent/kernel/errors.ts";

/**
 * Instance metadata, credentials and host agents: AWS and most others (169.254.169.0/24), AWS ECS and EKS
 * (169.254.170.0/24), Tencent, Scaleway, Azure's WireServer, Oracle over classic networks, Alibaba; then over IPv6 AWS,
 * GCP, Oracle, Scaleway.
 */
const METADATA = [
  "169.254.169.0/24",
  "169.254.170.0/24",
  "169.254.0.23",
  "169.254.42.42",
  "168.63.129.16",
  "192.0.0.192",
  "100.100.100.200",
  "fd00:ec2::/32",
  "fd20:ce::254",
  "fd00:c1::a9fe:a9fe",
  "fd00:42::42",
];
const METADATA_NAMES = new Set([
  "metadata",
  "metadata.google.internal",
  "metadata.goog",
  "instance-data",
  "instance-data.ec2.internal",
  "metadata.tencentyun.com",
  "metadata.platformequinix.com",
  "metadata.packet.net",
]);

/** Ranges of IPv6 that carry an IPv4 address, and at which bytes: RFC 4291, 6052, 2765, 3056, 4380. */
const CARRIERS = (
  [
    ["::ffff:0:0/96", [12, 13, 14, 15]],
    ["::ffff:0:0:0/96", [12, 13, 14, 15]],
    ["64:ff9b::/96", [12, 13, 14, 15]],
    ["64:ff9b:1::/48", [12, 13, 14, 15]],
    ["64:ff9b:1::/48", [6, 7, 9, 10]],
    ["2002::/16", [2, 3, 4, 5]],
    ["2001::/32", [4, 5, 6, 7]],
  ] as const
).map(([range, bytes]) => ({ range: ipaddr.parseCIDR(range), bytes }));
const TEREDO = ipaddr.parseCIDR("2001::/32");
const ISATAP = [0x00, 0x00, 0x5e, 0xfe];

/** Says which addresses requests on somebody's behalf may reach. */
export interface AddressRule {
  /** `trusted`: only metadata addresses and those of `deny` but loopback are refused. @throws FORBIDDEN with the reason and what to do */
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

/** Every IPv4 address that an IPv6 address may stand for where gateways translate; itself when there is none. */
function carried(address: Address): Address[] {
  if (!(address instanceof ipaddr.IPv6)) return [address];
  const bytes = address.toByteArray();
  const at = (places: readonly number[], mask = 0) =>
    new ipaddr.IPv4(places.map((place) => (bytes[place] ?? 0) ^ mask));
  const found = CARRIERS.filter(({ range }) => address.match(range)).map(({ bytes: places }) => at(places));
  if (address.match(TEREDO)) found.push(at([12, 13, 14, 15], 0xff)); // the client's, inverted
  const isatap = ISATAP.every((byte, i) => ((bytes[8 + i] ?? 0) & (i === 0 ? 0xfc : 0xff)) === byte);
  const compatible = bytes.slice(0, 12).every((byte) => byte === 0) && bytes.slice(12, 15).some((byte) => byte !== 0);
  if (isatap || compatible) found.push(at([12, 13, 14, 15]));
  return found.length > 0 ? found : [address];
}

const within = (address: Address, ranges: readonly AddressRange[]) =>
  ranges.some(([range, bits]) => range.kind() === address.kind() && address.match(range, bits));

function rangeOf(text: string): AddressRange {
  const range = parseRange(text);
  if (range === null)
    throw new AppError("INVALID", `outbound: \`${text}\` is not an address range. Write it as 10.0.0.0/8 or fd00::/8.`);
  return range;
}

/**
 * Only public unicast addresses are reached, plus what `allow` lists; `deny` wins over `allow`, and metadata
 * addresses are refused even when listed. @throws INVALID when a range cannot be read.
 */
export function createAddressRule(config: { allow: readonly string[]; deny: readonly string[] }): AddressRule {
  const allow = config.allow.map(rangeOf);
  const deny = config.deny.map(rangeOf);
  const metadata = METADATA.map(rangeOf);
  const refuse = (ip: string, why: string, advice = "") =>
    new AppError("FORBIDDEN", `${ip} ${why} and is not reached.${advice}`, { details: { address: ip } });

  return {
    checkAddress(ip, trusted = false) {
      const bare = ip.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
      if (!ipaddr.isValid(bare)) throw refuse(ip, "is not an IP address");
      const outer = ipaddr.parse(bare);
      const inner = carried(outer);
      const forms = [outer, ...inner];
      if (forms.some((form) => within(form, metadata))) throw refuse(ip, "is a cloud metadata address");
      // the own platform is on this machine
      const own = trusted && inner.every((form) => form.range() === "loopback");
      if (!own && forms.some((form) => within(form, deny))) throw refuse(ip, "is denied by `outbound.deny`");
      if (trusted) return;
      if (forms.some((form) => within(form, allow))) return;
      const range = inner.map((form) => form.range()).find((kind) => kind !== "unicast");
      if (range === undefined) return;
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
