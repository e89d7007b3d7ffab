import { connect, createServer, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { openDb } from "../db/client.ts";
import { testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { outageBehind } from "./readiness.ts";

const database = useDatabase();

/** A way to the real database that can be cut, as when its server is killed. */
async function cutting(url: string) {
  const target = new URL(url);
  const { hostname, port } = target;
  const open = new Set<Socket>();
  const way = createServer((socket) => {
    const on = connect(Number(port), hostname);
    for (const [from, to] of [
      [socket, on],
      [on, socket],
    ] as const) {
      open.add(from);
      from.on("error", () => to.destroy()).on("close", () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((done) => way.listen(0, "127.0.0.1", done));
  const address = way.address();
  if (typeof address === "string" || address === null) throw new Error("the way has no port");
  target.hostname = "127.0.0.1";
  target.port = String(address.port);
  return {
    url: target.href,
    cut: () => {
      way.close();
      for (const socket of open) socket.destroy();
    },
  };
}

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
