import { describe, expect, test } from "vitest";
import { createAddressRule } from "./address-rule.ts";

const everything = createAddressRule({ allow: ["0.0.0.0/0", "::/0"], deny: [] });
const strict = createAddressRule({ allow: [], deny: [] });

/** 169.254.169.254 and others, in each form in which an address can be carried */
const METADATA = [
  "169.254.169.254",
  "169.254.169.253",
  "169.254.170.2",
  "169.254.170.23",
  "169.254.0.23",
  "169.254.42.42",
  "168.63.129.16",
  "192.0.0.192",
  "100.100.100.200",
  "fd00:ec2::254",
  "fd00:ec2::23",
  "fd20:ce::254",
  "fd00:c1::a9fe:a9fe",
  "fd00:42::42",
  "[fd00:ec2::254]",
  "fe80::5efe:a9fe:a9fe%eth0",
  "::ffff:169.254.169.254",
  "::ffff:a9fe:a9fe",
  "::169.254.169.254",
  "::ffff:0:a9fe:a9fe",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b::168.63.129.16",
  "64:ff9b:1::a9fe:a9fe",
  "64:ff9b:1:a9fe:a9:fe00::",
  "2002:a9fe:a9fe::1",
  "2001:0:a9fe:a9fe::1",
  "2001:0:102:304::5601:5601",
  "2001:db8::5efe:a9fe:a9fe",
  "2001:db8::200:5efe:a9fe:a9fe",
  "::ffff:168.63.129.16",
  "0xa9fea9fe",
  "2852039166",
  "169.254.43518",
];

describe("metadata addresses are never reached", () => {
  test.each(METADATA)("%s, listed in outbound.allow or trusted", (ip) => {
    expect(() => everything.checkAddress(ip)).toThrow(/metadata/);
    expect(() => everything.checkAddress(ip, true)).toThrow(/metadata/);
  });
  test.each(["metadata.google.internal.", "METADATA", "metadata.tencentyun.com"])("by the name %s", (name) =>
    expect(() => everything.checkName(name)).toThrow(/metadata/),
  );
});

test.each([
  "10.0.0.1",
  "::ffff:10.0.0.1",
  "64:ff9b::a00:1",
  "2002:a00:1::",
  "2001:db8:1::5efe:7f00:1",
  "::1",
  "fc00::1",
])("%s is private in whatever form", (ip) => expect(() => strict.checkAddress(ip)).toThrow(/not reached/));
test.each(["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])("%s is reached", (ip) =>
  expect(() => strict.checkAddress(ip)).not.toThrow(),
);
