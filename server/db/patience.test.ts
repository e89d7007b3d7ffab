import { describe, expect, it } from "vitest";
import { isDatabaseAway, isWorthWaiting, patiently } from "./patience.ts";

const failure = (message: string, more: object = {}) => Object.assign(new Error(message), more);

describe("isDatabaseAway", () => {
  it.each([
    ["a refused connection", failure("connect ECONNREFUSED", { code: "ECONNREFUSED" }), true],
    ["a server that starts up", failure("the database system is starting up", { code: "57P03" }), true],
    ["pg's connection timeout", failure("timeout expired"), true],
    ["a query that took too long here", failure("Query read timeout"), true],
    ["Prisma's word for it", failure("Can't reach database server", { code: "P1001" }), true],
    ["the cause of another error", failure("queue", { cause: failure("x", { code: "ECONNRESET" }) }), true],
    ["each address refused", new AggregateError([failure("x", { code: "ECONNREFUSED" })]), true],
    ["a wrong password", failure("password authentication failed", { code: "28P01" }), false],
    ["a mistake of ours", failure('relation "x" does not exist', { code: "42P01" }), false],
    ["no error at all", "timeout expired", false],
  ])("%s", (_name, error, expected) => expect(isDatabaseAway(error)).toBe(expected));
});

describe("isWorthWaiting", () => {
  const coded = (code: string) => failure("x", { cause: failure("y", { code }) });
  it.each([
    ["a server that starts up", coded("57P03"), [true, true]],
    ["one without a free connection", coded("53300"), [true, true]],
    ["one that is slow", failure("timeout expired"), [true, true]],
    ["a name service that is away", coded("EAI_AGAIN"), [true, true]],
    ["a refused connection", coded("ECONNREFUSED"), [false, true]],
    ["a name that nobody knows", coded("ENOTFOUND"), [false, true]],
    ["a wrong password", coded("28P01"), [false, false]],
  ])("%s, at the first start and later", (_name, error, expected) => {
    expect([false, true].map((ours) => isWorthWaiting(error, { ours, waitedMs: 0 }))).toEqual(expected);
  });

  it("gives up on an unknown name after a minute, and on nothing else", () => {
    const later = (code: string, waitedMs: number) => isWorthWaiting(coded(code), { ours: true, waitedMs });
    expect([later("ENOTFOUND", 59_000), later("ENOTFOUND", 61_000)]).toEqual([true, false]);
    expect([later("ECONNREFUSED", 1e9), later("57P03", 1e9)]).toEqual([true, true]);
  });
});

describe("patiently", () => {
  it("tries until it works and says that it waits", async () => {
    let tries = 0;
    const said: number[] = [];
    const work = async () => {
      if (++tries < 3) throw failure("timeout expired");
      return "done";
    };
    expect(await patiently(work, { onWaiting: (_error, ms) => said.push(ms) })).toBe("done");
    expect(said).toHaveLength(2);
  });

  it("throws what no waiting mends, and the last error once it is aborted", async () => {
    await expect(patiently(() => Promise.reject(failure("syntax error")))).rejects.toThrow("syntax error");
    let tries = 0;
    const refused = () => Promise.reject(failure("timeout expired", { tries: ++tries }));
    await expect(patiently(refused, { waitFor: () => tries < 2 })).rejects.toMatchObject({ tries: 2 });
    const stop = new AbortController();
    const waiting = patiently(() => Promise.reject(failure("timeout expired")), { signal: stop.signal });
    stop.abort();
    await expect(waiting).rejects.toThrow("timeout expired");
  });
});
