import { describe, expect, it } from "vitest";
import { createMiner, type Miner } from "./miner.ts";

const letters = (n: number): string =>
  String.fromCharCode(
    ...String(n)
      .split("")
      .map((digit) => 97 + Number(digit)),
  );
const addAll = (miner: Miner, lines: readonly string[]) => lines.map((line) => miner.add(line));
const templates = (miner: Miner, lines: readonly string[]): string[] => {
  const mined = addAll(miner, lines);
  const latest = new Map(mined.map(({ key, template }) => [miner.resolve(key), template]));
  return mined.map(({ key }) => latest.get(miner.resolve(key)) ?? "");
};

describe("the miner", () => {
  it("gives lines that differ in values one pattern from the first line on", () => {
    const mined = addAll(createMiner(), ["took 12 ms for job_1 at /a/b", "took 3 s for job_2 at /c"]);
    expect(mined.map(({ template }) => template)).toEqual(["took <*> for <*> at <*>", "took <*> for <*> at <*>"]);
    expect(mined.map(({ change }) => change)).toEqual(["created", "none"]);
    expect(mined[1]?.key).toBe(mined[0]?.key);
  });

  it("keeps three words at a position apart and merges them with the fourth", () => {
    const miner = createMiner();
    const three = addAll(
      miner,
      ["ann", "bob", "eve"].map((user) => `session opened for ${user} by root`),
    );
    expect(three.map(({ change }) => change)).toEqual(["created", "created", "created"]);
    const fourth = miner.add("session opened for joe by root");
    expect(fourth).toMatchObject({ change: "merged", template: "session opened for <*> by root", key: three[0]?.key });
    expect(fourth.from).toEqual([three[1]?.key, three[2]?.key]);
    expect(three.map(({ key }) => miner.resolve(key))).toEqual(three.map(() => fourth.key));
    expect(miner.size).toBe(1);
  });

  it("makes a position variable at once when a value stands where a word stood", () => {
    const [first, second] = addAll(createMiner(), ["connect from host failed", "connect from 10.0.0.7 failed"]);
    expect(second).toMatchObject({ change: "generalised", key: first?.key, template: "connect from <*> failed" });
  });

  it("reports every pattern that a line changes, not only the line's own", () => {
    const miner = createMiner();
    const users = ["ann", "bob", "eve"];
    const opened = addAll(
      miner,
      users.map((user) => `session opened for ${user} by the root user`),
    );
    const closed = addAll(
      miner,
      users.map((user) => `session closed for ${user} by the root user`),
    );
    const fourth = miner.add("session closed for joe by the root user");
    expect(fourth).toMatchObject({ change: "merged", key: closed[0]?.key });
    expect(fourth.also).toEqual([
      {
        ...{ key: opened[0]?.key, change: "merged", template: "session opened for <*> by the root user" },
        from: [opened[1]?.key, opened[2]?.key],
      },
    ]);
  });

  it("tells messages apart by their first word", () => {
    const lines = [
      "Started Session 1 of user root",
      "Stopped Session 1 of user root",
      "Removed Session 1 of user root",
    ];
    lines.push("Starting Session 1 of user root", "Closed Session 1 of user root");
    expect(new Set(templates(createMiner(), lines)).size).toBe(5);
  });

  it("takes the first word for a variable when thirty lines go on in the same way", () => {
    const lines = Array.from({ length: 40 }, (_, i) => `${letters(i)}x joined the room`);
    expect(new Set(templates(createMiner(), lines))).toEqual(new Set(["<*> joined the room"]));
  });

  it("does not let lines of values swallow lines of words", () => {
    const lines = ["12 13", "Executing tokens", "42", "restarting", "10.0.0.7 8"];
    expect(templates(createMiner(), lines)).toEqual(["<*> <*>", "Executing tokens", "<*>", "restarting", "<*> <*>"]);
  });

  it("finds a pattern again by its own template", () => {
    const miner = createMiner();
    for (const line of ["a: x=1 (y)", "user ann left at 12:30", "[main] 7 done", "\t--- {}"]) {
      const { key, template } = miner.add(line);
      expect(miner.add(template)).toMatchObject({ key, template, change: "none" });
    }
  });

  it("takes up the patterns it is given, under keys that lead back to their ids", () => {
    const patterns = [
      { id: 70, template: "session opened for <*> by root" },
      { id: 71, template: "disk <*> full" },
      { id: 72, template: "disk   <*>  full." },
    ];
    const miner = createMiner({ patterns });
    expect(miner.size).toBe(2);
    expect(miner.restored.get(72)).toBe(miner.restored.get(71));
    expect(miner.add("session opened for zoe by root")).toMatchObject({ key: miner.restored.get(70), change: "none" });
    expect(createMiner({ patterns, maxPatterns: 1 }).restored.size).toBe(1);
  });
});

describe("a miner's bounds", () => {
  it("drops the patterns not seen for longest", () => {
    const miner = createMiner({ maxPatterns: 3 });
    const [a, b] = addAll(miner, ["alpha one", "beta two", "gamma three"]);
    miner.add("alpha one");
    const fourth = miner.add("delta four");
    expect(fourth.dropped).toEqual([b?.key]);
    expect(miner.size).toBe(3);
    expect(miner.add("alpha one")).toMatchObject({ key: a?.key, change: "none" });
    expect(miner.add("beta two").change).toBe("created");
  });

  it.each([
    [
      "all words new",
      (i: number) => `${letters(i)} q${letters(i * 7)} r${letters(i * 3)} s${letters(i)} t${letters(i)}`,
    ],
    ["one first word, the rest new", (i: number) => `start ${letters(i)} ${letters(i * 7)} ${letters(i * 3)}`],
    ["one word", (i: number) => `q${letters(i)}`],
    ["a new first word and a new second", (i: number) => `${letters(i)} q${letters(i * 7)} connected from there`],
    ["another length each", (i: number) => `${letters(i)} `.repeat(1 + (i % 200))],
  ])("hold against lines of %s", (_, make) => {
    const miner = createMiner({ maxPatterns: 2_000 });
    const created = new Set<number>();
    for (let i = 0; i < 40_000; i++) {
      const { key, change } = miner.add(make(i * 31));
      if (change === "created") created.add(key);
    }
    expect(miner.size).toBeLessThanOrEqual(2_000);
    expect(created.size).toBeLessThanOrEqual(1_000 + 40_000 / 20 + 128);
  });

  it("leave known patterns known under a flood", () => {
    const miner = createMiner();
    const { key } = miner.add("session opened for user 7 by root");
    for (let i = 0; i < 20_000; i++) {
      miner.add(`${letters(i)} q${letters(i * 7)} r${letters(i * 3)} z${letters(i)} y${letters(i)} now by root`);
      if (i % 100 === 0) expect(miner.add("session opened for user 9 by root").key).toBe(key);
    }
  });

  it("take any text", () => {
    const miner = createMiner();
    const odd = [
      "",
      " ",
      "\u0000",
      "🚀🚀",
      "\ud83d",
      "((((",
      "x".repeat(1_000_000),
      "\u001b[",
      "\u001b[31",
      "/",
      "-",
      "<*",
      "\r\n",
    ];
    for (const line of [...odd, "a,".repeat(500_000), Array.from({ length: 10_000 }, (_, i) => letters(i)).join(" ")]) {
      const { key, template } = miner.add(line);
      expect(template.length).toBeGreaterThan(0);
      expect(miner.add(template).key).toBe(key);
    }
  });
});
