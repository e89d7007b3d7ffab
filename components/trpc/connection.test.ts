import { TRPCClientError } from "@trpc/client";
import { describe, expect, it } from "vitest";
import { storageFailure } from "#server/agent/kernel/storage-failure.ts";
import { hungBy, lostBy, worstOf } from "./connection.ts";

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
