import { TRPCClientError } from "@trpc/client";
import { describe, expect, it } from "vitest";
import { storageFailure } from "#server/agent/kernel/storage/storage-failure.ts";
import { behindBy, hungBy, lostBy, shownAsOf, worstOf } from "./lost-connection.ts";

const answered = (message: string) =>
  new TRPCClientError(message, {
    result: { error: { code: -32_603, message, data: { code: "SERVICE_UNAVAILABLE" } } },
  });
const read = (error: unknown, { active = true, dataUpdatedAt = 7, status = "error" } = {}) => ({
  isActive: () => active,
  state: { status, error, dataUpdatedAt, errorUpdatedAt: 9 },
});
const noAnswer = new TypeError("Failed to fetch");
const databaseAway = answered(storageFailure({ code: "P1001" }) ?? "");

describe("what a failed read tells of the connection", () => {
  it.each([
    ["no answer, with data from before", read(noAnswer), { cause: "connection", asOf: 7 }],
    ["no answer, and no data ever", read(noAnswer, { dataUpdatedAt: 0 }), { cause: "connection", asOf: 9 }],
    ["the database away", read(databaseAway), { cause: "database", asOf: 7 }],
    ["the disk full", read(answered(storageFailure({ code: "53100" }) ?? "")), { cause: "database", asOf: 7 }],
    ["a log source away: the read's own matter", read(answered("Loki does not answer.")), null],
    ["a read that succeeded since", read(noAnswer, { status: "success" }), null],
    ["a read of a page that was left", read(noAnswer, { active: false }), null],
  ])("%s", (_, failed, lost) => expect(lostBy(failed)).toEqual(lost));
});

describe("what a read that waits tells", () => {
  const open = (path: string, { fetchStatus = "fetching", active = true, dataUpdatedAt = 7 } = {}) => {
    const { state } = read(null, { status: "success", dataUpdatedAt });
    return { queryKey: [[path, "list"]], isActive: () => active, state: { ...state, fetchStatus } };
  };
  it.each([
    ["some seconds without an answer, with data from before", open("services"), 100, { cause: "answer", asOf: 7 }],
    ["no data ever", open("services", { dataUpdatedAt: 0 }), 100, { cause: "answer", asOf: 100 }],
    ["a moment", open("services"), 9_000, null],
    ["none that was seen to begin", open("services"), undefined, null],
    ["one that was answered", open("services", { fetchStatus: "idle" }), 100, null],
    ["one of a page that was left", open("services", { active: false }), 100, null],
    ["one that may take long, and says so itself", open("logs"), 100, null],
  ])("%s", (_, waiting, since, lost) => expect(hungBy(waiting, since, 10_000)).toEqual(lost));
});

describe("what an answer from before an outage's end tells", () => {
  const answered = (state: Partial<ReturnType<typeof read>["state"]> = {}, path = "incidents", active = true) => ({
    queryKey: [[path, "list"]],
    isActive: () => active,
    state: { ...read(null, { status: "success" }).state, fetchStatus: "idle", ...state },
  });
  it.each([
    ["older: it is behind, however well the connection is", answered(), 100, { cause: "behind", asOf: 7 }],
    ["read since", answered({ dataUpdatedAt: 100 }), 100, null],
    ["nothing was missed", answered(), 0, null],
    ["no answer yet", answered({ dataUpdatedAt: 0 }), 100, null],
    ["of a page that was left", answered({}, "incidents", false), 100, null],
    ["a long read says itself how old it is", answered({}, "logs"), 100, null],
    ["failed since, which its place says", answered({ status: "error", errorUpdatedAt: 101 }), 100, null],
    ["failed before", answered({ status: "error", errorUpdatedAt: 99 }), 100, { cause: "behind", asOf: 7 }],
    ["the clock was set back", answered(), 300, null],
  ])("%s", (_, told, from, lost) => expect(behindBy(told, from, 200)).toEqual(lost));

  const away = { cause: "database" as const, asOf: 3 };
  const behind = { cause: "behind" as const, asOf: 3 };
  it.each([
    ["nothing was missed", { dataUpdatedAt: 7 }, { lost: null, from: 0 }, null],
    ["all is back, and it was not read since", { dataUpdatedAt: 7 }, { lost: null, from: 9 }, 7],
    ["all is back, and it was read since", { dataUpdatedAt: 9 }, { lost: null, from: 9 }, null],
    ["another answer is behind", { dataUpdatedAt: 9 }, { lost: behind, from: 9 }, null],
    ["the database is away: its own age, not the connection's", { dataUpdatedAt: 7 }, { lost: away, from: 0 }, 7],
    ["its last read failed", { dataUpdatedAt: 7, error: new Error("no") }, { lost: null, from: 0 }, 7],
    ["nothing is shown", { dataUpdatedAt: 0 }, { lost: away, from: 9 }, null],
  ])("%s", (_, answer, known, asOf) => expect(shownAsOf(answer, known)).toBe(asOf));
});

it("says the worst cause and the oldest moment, and nothing while all is heard", () => {
  expect(worstOf([null, null])).toBeNull();
  expect(
    worstOf([{ cause: "database", asOf: 3 }, null, { cause: "connection", asOf: 5 }, { cause: "database", asOf: 4 }]),
  ).toEqual({ cause: "connection", asOf: 3 });
  expect(
    worstOf([
      { cause: "stream", asOf: 4 },
      { cause: "database", asOf: 5 },
    ]),
  ).toEqual({ cause: "database", asOf: 4 });
  expect(worstOf([{ cause: "stream", asOf: 4 }])).toEqual({ cause: "stream", asOf: 4 });
  expect(worstOf([{ cause: "database", asOf: 4 }])).toEqual({ cause: "database", asOf: 4 });
});
