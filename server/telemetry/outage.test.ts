import { expect, it, onTestFinished } from "vitest";
import { openDb } from "../db/client.ts";
import { testContext } from "../testing/context.ts";
import { cutting } from "../testing/cutting.ts";
import { useDatabase } from "../testing/database.ts";
import { outageBehind, readOrOutage, within } from "./readiness.ts";

const database = useDatabase();

it("a page names the database only when that is the cause, also when a library hid the cause", async () => {
  const { url, cut } = await cutting(database.url);
  const db = openDb(url);
  onTestFinished(() => db.$disconnect());
  const runtime = testContext(database, { db });
  expect(await db.user.count(), "the way leads to the database").toBe(0);
  const hidden = new Error("Failed to get session");
  expect(await outageBehind(hidden, runtime), "the database answers: the cause is another").toBeNull();
  cut();
  expect(await outageBehind(hidden, runtime)).toBe("The database does not answer.");
  const failure = await db.user.count().catch((error: unknown) => error);
  expect(await outageBehind(failure, runtime)).toBe("The database does not answer.");
});

it("says of what came too late while the database answers that Operate is busy", async () => {
  const runtime = testContext(database);
  const late = await within(1, new Promise<never>(() => {})).catch((error: unknown) => error);
  expect(await outageBehind(late, runtime)).toBe("Operate is too busy to answer in time.");
});

it("reads once more when the database was away for a moment only, and throws what is no outage", async () => {
  const runtime = testContext(database);
  let tries = 0;
  const read = async () => {
    if (++tries === 1) throw new Error("Failed to get session");
    return tries;
  };
  expect(await readOrOutage(read, runtime)).toEqual({ value: 2, outage: null });
  const broken = () => Promise.reject(new Error("a fault of ours"));
  await expect(readOrOutage(broken, runtime)).rejects.toThrow("a fault of ours");
});

it("a page waits for a database that is known to be away a moment only, and shows when it is back", async () => {
  const missing = () => [{ name: "database" as const, since: new Date() }];
  const runtime = testContext(database, { processes: { missing } });
  const startedMs = performance.now();
  const hangs = () => new Promise<never>(() => undefined);
  expect(await readOrOutage(hangs, runtime)).toEqual({ value: null, outage: "The database does not answer." });
  expect(performance.now() - startedMs, "a session has five seconds else").toBeLessThan(4_000);
  expect(await readOrOutage(async () => "Ada", runtime)).toEqual({ value: "Ada", outage: null });
});
