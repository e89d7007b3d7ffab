import { beforeEach, expect, it } from "vitest";
import { type TestContext, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { begin, end } from "../record/record.ts";
import { deployApplication } from "../request/deploy-application.ts";
import { dependentsOf } from "./collect.ts";

const database = useDatabase();
let ctx: TestContext;
beforeEach(async () => {
  await database.db.deployment.deleteMany();
  ctx = testContext(database);
});

/** checkout depends on payments */
const deployed = async (service: string, environment = "production") => {
  const { deployment } = await deployApplication(ctx, { service, environment, version: "1.1.0", strategy: "rolling" });
  await begin(ctx, deployment!.id);
  return deployment!.id;
};
const deployedToo = async (startedAt: number) => {
  const found = await dependentsOf(ctx, { service: "payments", environment: "production", startedAt }, startedAt);
  return found.map((dependent) => [dependent.service, dependent.deployedToo]);
};

it("tells which dependents were deployed in the time that is compared", async () => {
  const nowMs = Date.now();
  await deployed("payments");
  expect(await deployedToo(nowMs)).toEqual([["checkout", []]]);
  await deployed("checkout", "staging");
  expect(await deployedToo(nowMs)).toEqual([["checkout", []]]);
  const id = await deployed("checkout");
  expect(await deployedToo(nowMs)).toEqual([["checkout", ["checkout"]]]);
  await end(ctx, id, "succeeded", "it serves");
  expect(await deployedToo(nowMs)).toEqual([["checkout", ["checkout"]]]);
  // five minutes before it began are compared, too
  expect(await deployedToo(nowMs + 4 * 60_000)).toEqual([["checkout", ["checkout"]]]);
  expect(await deployedToo(nowMs + 6 * 60_000)).toEqual([["checkout", []]]);
});
