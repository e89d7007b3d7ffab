import { afterEach, describe, expect, it } from "vitest";
import { toAppError } from "../errors.ts";
import { diskOf } from "./disk.ts";
import { watchDisk } from "./storage-failure.ts";

const disk = (free: number) => diskOf({ bsize: 4_096, blocks: 1e6, bfree: free, bavail: free });
afterEach(() => watchDisk(() => null));

const named = (name: string, more: object) => Object.assign(new Error("it failed"), { name }, more);
const FULL =
  "The disk of the data directory is full (0 bytes free): free some space; everything goes on by itself then.";

describe("a failure of the storage is said as such", () => {
  it.each([
    ["PostgreSQL's own", named("error", { code: "53100" })],
    ["in Prisma's meta", named("PrismaClientKnownRequestError", { code: "P2010", meta: { code: "53100" } })],
    ["as a cause", named("DriverAdapterError", { cause: { originalCode: "53100", kind: "postgres" } })],
    ["the operating system's", named("Error", { code: "ENOSPC" })],
    ["in words", new Error("could not extend file: No space left on device")],
    ["a database that recovers", named("error", { code: "57P03" })],
    ["a refused connection of Prisma", named("PrismaClientKnownRequestError", { code: "ECONNREFUSED" })],
  ])("on a full disk: %s", (_, error) => {
    watchDisk(() => disk(0));
    expect(toAppError(error)).toMatchObject({ code: "UPSTREAM_UNAVAILABLE", message: FULL });
  });

  it("names a full disk although it cannot be asked", () =>
    expect(toAppError(named("error", { code: "53100" })).message).toContain("the data directory is full: free some"));

  it.each([
    ["cannot be reached", named("PrismaClientInitializationError", { code: "P1001" })],
    ["gives no transaction in time", named("PrismaClientKnownRequestError", { code: "P2028" })],
    ["ended under a query", new Error("Client has encountered a connection error and is not queryable")],
  ])("a database that is away is no fault inside Operate: %s", (_, error) => {
    watchDisk(() => disk(900_000));
    const { code, message } = toAppError(error);
    expect([code, message]).toEqual(["UPSTREAM_UNAVAILABLE", expect.stringContaining("database does not answer now")]);
  });

  it("anything else is one, on a full disk, too", () => {
    watchDisk(() => disk(0));
    expect(toAppError(new TypeError("x is undefined")).code).toBe("INTERNAL");
    expect(toAppError(named("TypeError", { code: "ECONNREFUSED" })).code).toBe("INTERNAL");
  });
});
