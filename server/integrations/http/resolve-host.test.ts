import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createHostResolver } from "./resolve-host.ts";
import { retryDelayMs } from "./retry.ts";

describe("host names", () => {
  const dir = mkdtempSync(join(tmpdir(), "operate-hosts-"));
  const hostsFile = join(dir, "hosts");
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it("come from the hosts file first, in any case and with a final dot", async () => {
    writeFileSync(hostsFile, "10.0.0.9  Db.Internal db # note\n#10.0.0.8 off\nfd00::9 db\n");
    const resolve = createHostResolver({ hostsFile });
    expect(await resolve("db")).toEqual([
      { address: "10.0.0.9", family: 4 },
      { address: "fd00::9", family: 6 },
    ]);
    expect(await resolve("DB.internal.")).toEqual([{ address: "10.0.0.9", family: 4 }]);
  });

  it("know localhost without asking anybody", async () => {
    const resolve = createHostResolver({ hostsFile: join(dir, "none") });
    expect((await resolve("localhost")).map(({ address }) => address)).toEqual(["127.0.0.1", "::1"]);
  });
});

describe("the wait before another attempt", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  it.each([
    [1, null, 1, 100],
    [2, null, 1, 200],
    [3, null, 0.5, 200],
    [20, null, 1, 5_000],
    [1, "2", 0, 2_000],
    [1, "Thu, 01 Jan 2026 00:00:03 GMT", 0, 3_000],
    [1, "nonsense", 1, 100],
  ])("after attempt %i, Retry-After %s, chance %f: %i ms", (attempt, after, random, expected) => {
    expect(retryDelayMs(attempt, after, now, () => random)).toBe(expected);
  });
});
