import { describe, expect, it } from "vitest";
import { afterwardsOf, costOf, type Share } from "./split-words.ts";

const plain = (text: string | null) => text?.replaceAll("\u00a0", " ").replaceAll("\u202f", " ");
const share = (version: string, requests: number | null, errors: number | null): Share => ({
  ...{ version, requests, errors, weight: null, share: 0, readyInstances: 0 },
});
const split = [share("2.4.0", 1_156, 0), share("2.5.0", 60, 3)];

describe("traffic of a deployment", () => {
  it("that has ended is what each version was asked meanwhile, not what is served by now", () => {
    expect(afterwardsOf(split)).toEqual([
      { version: "2.4.0", requests: 1_156, errors: 0, sharePercent: expect.closeTo(95.07, 2) },
      { version: "2.5.0", requests: 60, errors: 3, sharePercent: expect.closeTo(4.93, 2) },
    ]);
    expect(plain(costOf({ version: "2.5.0" }, split, true))).toBe(
      "2.5.0 answered 60 of 1 216 requests during the deployment (4.93 %); 3 of its 60 requests failed, 5 %; that is 0.25 % of all 1 216 requests.",
    );
  });

  it("that was not counted is no zero", () => {
    expect(afterwardsOf([share("2.4.0", 0, 0), share("2.5.0", 0, 0)])).toBeNull();
    expect(costOf({ version: "2.5.0" }, [share("2.4.0", 0, 0)], true)).toBeNull();
    const half = [share("2.4.0", null, null), share("2.5.0", 40, 0)];
    expect(costOf({ version: "2.5.0" }, half), "no share of an unknown whole").toBeNull();
    expect(afterwardsOf(half)?.map((row) => [row.requests, row.sharePercent])).toEqual([
      [null, null],
      [40, null],
    ]);
    expect(afterwardsOf([share("2.5.0", null, null)])).toBeNull();
  });

  it("that runs names its base, too", () => {
    expect(plain(costOf({ version: "2.5.0" }, split))).toMatch(
      /^2.5.0 answered 60 of 1 216 requests since the deployment began/,
    );
    expect(costOf({ version: "2.5.0" }, [share("2.4.0", 9, 0), share("2.5.0", 0, 0)])).toMatch(/no request yet/);
    expect(costOf({ version: "2.5.0" }, [share("2.4.0", 9, 0), share("2.5.0", 0, 0)], true)).toMatch(/while it ran/);
  });
});
