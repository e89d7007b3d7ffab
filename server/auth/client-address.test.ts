import { expect, test } from "vitest";
import { clientAddress, networkOf, widerNetworkOf } from "./client-address.ts";

test.each<[string, string | undefined, string | undefined, string[], string | null]>([
  ["the socket's", "203.0.113.9", undefined, [], "203.0.113.9"],
  ["a forged header without trusted proxies", "203.0.113.9", "1.2.3.4", [], "203.0.113.9"],
  ["what a trusted proxy saw", "10.0.0.1", "198.51.100.7", ["10.0.0.0/8"], "198.51.100.7"],
  ["forged in front of what a trusted proxy saw", "10.0.0.1", "1.2.3.4, 198.51.100.7", ["10.0.0.0/8"], "198.51.100.7"],
  ["through two trusted proxies", "10.0.0.1", "198.51.100.7, 10.0.0.2", ["10.0.0.1", "10.0.0.2"], "198.51.100.7"],
  ["rubbish from a trusted proxy", "10.0.0.1", "unknown", ["10.0.0.1"], "10.0.0.1"],
  ["IPv4 inside IPv6", "::ffff:127.0.0.1", undefined, [], "127.0.0.1"],
  ["an IPv6 network", "2001:db8::1", "2001:db8:1::5", ["2001:db8::/48"], "2001:db8:1::5"],
  ["an entry that is no network trusts nobody", "10.0.0.1", "1.2.3.4", ["10.0.0.0/99", "proxy"], "10.0.0.1"],
  ["IPv4 behind NAT64", "64:ff9b::cb00:7109", undefined, [], "203.0.113.9"],
  ["a trusted proxy's address behind NAT64 is not trusted", "64:ff9b::a00:1", "1.2.3.4", ["10.0.0.1"], "10.0.0.1"],
  ["a socket that is gone", undefined, "1.2.3.4", ["10.0.0.0/8"], null],
])("%s", (_, socket, forwarded, proxies, expected) => {
  expect(clientAddress(socket, forwarded, proxies)).toBe(expected);
});

test.each([
  ["203.0.113.9", "203.0.113.9", "203.0.113.9"],
  ["::ffff:203.0.113.9", "203.0.113.9", "203.0.113.9"],
  ["64:ff9b::203.0.113.9", "203.0.113.9", "203.0.113.9"],
  ["64:ff9b:1::203.0.113.9", "203.0.113.9", "203.0.113.9"],
  ["::ffff:0:203.0.113.9", "203.0.113.9", "203.0.113.9"],
  ["2002:cb00:7109:5::1", "203.0.113.9", "203.0.113.9"],
  ["2001:db8:1:2::3", "32.1.13.184.0.1.0.2", "32.1.13.184.0.1"],
  ["2001:db8:1:3::3", "32.1.13.184.0.1.0.3", "32.1.13.184.0.1"],
  ["no address", "unknown", "unknown"],
])("%s counts as %s, and in its wide network as %s", (address, network, wider) => {
  expect(networkOf(address)).toBe(network);
  expect(widerNetworkOf(networkOf(address))).toBe(wider);
});
