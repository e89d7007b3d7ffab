import { expect, it } from "vitest";
import { useDatabase } from "../../testing/database.ts";
import { countAttempt } from "./attempt-limit.ts";

const database = useDatabase();
const LIMIT = { max: 2, windowMs: 60_000 };

it("keeps nobody out for longer than its window when the clock was set back", async () => {
  const now = Date.parse("2026-05-01T10:00:00Z");
  const attempt = (atMs: number) => countAttempt(database.db, "test", "ada", LIMIT, new Date(atMs));
  for (let i = 0; i < 3; i++) await attempt(now);
  expect(await attempt(now + 1_000)).toMatchObject({ count: 4, allowed: false });
  expect(await attempt(now - 1_000)).toMatchObject({ allowed: false }); // a small correction forgets nothing
  const back = await attempt(now - 3_600_000);
  expect(back).toMatchObject({ count: 1, allowed: true });
  expect(back.retryAfterMs).toBe(60_000);
});
