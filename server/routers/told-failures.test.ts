import { beforeAll, expect, it, onTestFinished } from "vitest";
import { identify } from "../auth/context.ts";
import { openDb } from "../db/client.ts";
import { testContext } from "../testing/context.ts";
import { cutting } from "../testing/cutting.ts";
import { useDatabase } from "../testing/database.ts";
import { addPerson, cookiesOf, fromConsole, type Person, signIn, TEST_SECRET } from "../testing/people.ts";
import { serveTrpc } from "./serve-trpc.ts";

const database = useDatabase();
let ada: Person;
beforeAll(async () => {
  process.env.OPERATE_SECRET_KEY = TEST_SECRET;
  ada = await addPerson(database.db);
});

interface Body {
  error: { message: string; data: { appCode: string; requestId: string } };
}

it("a session that cannot be read for want of the database names the database, though a library hides it", async () => {
  const cookie = cookiesOf(await signIn(testContext(database), ada));
  const { url, cut } = await cutting(database.url);
  const db = openDb(url);
  onTestFinished(() => db.$disconnect());
  const runtime = testContext(database, { db });
  const faults: unknown[] = [];
  const trpc = serveTrpc({
    checkOrigin: () => undefined,
    identify: (request, via) => identify(runtime, request, via),
    onFailure: ({ fault }) => void faults.push(fault),
  });
  const ask = () => trpc(fromConsole("/api/trpc/session.me", undefined, { cookie }));
  expect((await ask()).status, "the way leads to the database").toBe(200);
  cut();
  const response = await ask();
  const { error } = (await response.json()) as Body;
  expect([response.status, error.data.appCode]).toEqual([503, "UPSTREAM_UNAVAILABLE"]);
  expect(error.message).toMatch(/^The database does not answer/);
  expect(faults, "no fault inside Operate").toEqual([]);
});

it("a fault before anybody knows who asks names its request, as the log does", async () => {
  const logged: string[] = [];
  const trpc = serveTrpc({
    checkOrigin: () => undefined,
    identify: () => Promise.reject(new TypeError("x is undefined")),
    onFailure: ({ requestId }) => void logged.push(requestId),
  });
  const response = await trpc(fromConsole("/api/trpc/session.me"));
  const { error } = (await response.json()) as Body;
  const id = response.headers.get("x-request-id") ?? "";
  expect(id).toMatch(/^req_/);
  expect([logged, error.data.requestId]).toEqual([[id], id]);
  expect(error.message).toBe(`Something failed inside Operate. The log has the details. Request id: ${id}.`);
});

it("a fault of a procedure names its request in the message, too", async () => {
  const cookie = cookiesOf(await signIn(testContext(database), ada));
  const context = testContext(database);
  context.platform.workloads.listServices = () => Promise.reject(new TypeError("x is undefined"));
  const trpc = serveTrpc({
    checkOrigin: () => undefined,
    identify: (request, via) => identify(context, request, via),
    onFailure: () => undefined,
  });
  const response = await trpc(fromConsole("/api/trpc/services.list?input=%7B%7D", undefined, { cookie }));
  const { error } = (await response.json()) as Body;
  expect(error.data.requestId).toMatch(/^req_/);
  expect(error.message).toContain(`Request id: ${error.data.requestId}.`);
});
