import { expect, test } from "vitest";
import { networkOf } from "../auth/client-address.ts";
import { FairPlaces } from "./fair-places.ts";

function placesOf(most: number) {
  const places = new FairPlaces(most);
  const lost: string[] = [];
  const take = (address: string, name = address) => places.take(networkOf(address), () => lost.push(name));
  return { take, lost };
}

test("the heaviest address loses the place it has held longest, to whoever holds fewer", () => {
  const { take, lost } = placesOf(4);
  take("192.0.2.1", "lone");
  for (const n of [1, 2, 3]) take("192.0.2.2", `heavy ${n}`);
  expect(take("192.0.2.3")).not.toBeNull();
  expect(lost).toEqual(["heavy 1"]);
  expect(take("192.0.2.2")).toBeNull();
});

test("addresses of one wide network of IPv6 weigh together, and within it the heaviest loses", () => {
  const { take, lost } = placesOf(5);
  take("2001:db8:1:1::1", "a1");
  take("2001:db8:1:2::1", "b1");
  take("2001:db8:1:2::2", "b2");
  take("192.0.2.1", "c1");
  take("192.0.2.1", "c2");
  expect(take("198.51.100.1")).not.toBeNull();
  expect(take("2001:db8:1:3::1")).not.toBeNull();
  expect(lost).toEqual(["b1", "a1"]);
});

test("of addresses that hold one each, a new one gets in; what is given back is free", () => {
  const { take, lost } = placesOf(2);
  take("192.0.2.1");
  const leave = take("192.0.2.2");
  expect(take("192.0.2.3")).not.toBeNull();
  expect(lost).toEqual(["192.0.2.1"]);
  leave?.();
  expect(take("192.0.2.4")).not.toBeNull();
  expect(lost).toHaveLength(1);
});
