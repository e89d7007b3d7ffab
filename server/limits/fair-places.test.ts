import { expect, test } from "vitest";
import { networkOf } from "../auth/client-address.ts";
import { FairPlaces } from "./fair-places.ts";

function placesOf(most: number) {
  let nowMs = 1_000;
  const places = new FairPlaces(most, () => nowMs);
  const lost: string[] = [];
  const take = (address: string, name = address) => places.take(networkOf(address), () => lost.push(name));
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { take, lost, pass };
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
  expect(lost).toEqual(["b1", "b2"]);
});

test("among equals nobody who holds a place loses it, unless it is held very long; what is given back is free", () => {
  const { take, lost, pass } = placesOf(2);
  take("192.0.2.1");
  const leave = take("192.0.2.2");
  for (let n = 0; n < 1_001; n++) expect(take(`10.0.${n >> 8}.${n & 255}`)).toBeNull();
  expect(lost).toEqual([]);
  leave?.();
  expect(take("192.0.2.4")).not.toBeNull();
  pass(6_000);
  expect(take("192.0.2.5")).not.toBeNull();
  expect(lost).toEqual(["192.0.2.1"]);
});

test("who asks once gets in and stays, though 300 addresses ask 5 times a second and hold all places", () => {
  const { take, lost, pass } = placesOf(300);
  const storm = (seconds: number) => {
    for (let round = 0; round < seconds * 5; round++) {
      for (let n = 0; n < 300; n++) take(`10.0.${n >> 8}.${n & 255}`);
      pass(200);
    }
  };
  storm(2);
  expect(take("203.0.113.7")).not.toBeNull();
  storm(2);
  expect(lost).not.toContain("203.0.113.7");
});

test.each([1_000, 4_000, 10_000])(
  "300 addresses that hold a place each for %i ms keep no newcomer out, however often it tries again",
  (heldMs) => {
    for (const renewed of [0, 12]) {
      const { take, lost, pass } = placesOf(300);
      const hold = (n: number) => take(`10.0.${n >> 8}.${n & 255}`);
      for (let n = 0; n < 300; n++) hold(n);
      pass(heldMs);
      for (let n = 0; n < 8; n++) {
        const leave = take("203.0.113.7");
        expect(leave, `try ${n}, ${renewed} others ask again between`).not.toBeNull();
        for (let again = 0; again < renewed; again++) hold((n * renewed + again) % 300);
        expect(lost).not.toContain("203.0.113.7");
        leave?.();
        pass(200);
      }
    }
  },
);

test("a newcomer that was refused in the first second is let in at its end, before whoever asked most of late", () => {
  const { take, lost, pass } = placesOf(3);
  for (let n = 0; n < 6; n++) take("203.0.113.7")?.();
  for (const address of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) take(address);
  for (let n = 0; n < 2; n++) take("192.0.2.2");
  expect(take("203.0.113.7")).toBeNull();
  pass(1_000);
  expect(take("203.0.113.7")).not.toBeNull();
  expect(lost).toEqual(["192.0.2.2"]);
});
