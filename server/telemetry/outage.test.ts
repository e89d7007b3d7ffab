import { expect, it, onTestFinished } from "vitest";
import { openDb } from "../db/client.ts";
import { testContext } from "../testing/context.ts";
import { cutting } from "../testing/cutting.ts";
import { useDatabase } from "../testing/database.ts";
import { outageBehind, within } from "./readiness.ts";

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
