import { beforeEach, describe, expect, it } from "vitest";
import { actor, type TestContext, testContext } from "#server/testing/context.ts";
import { useDatabase } from "#server/testing/database.ts";
import { AppError } from "../kernel/errors.ts";
import { defineWrite } from "../kernel/perform.ts";
import { requestAction } from "./request-action.ts";

const database = useDatabase();
const audit = () => database.db.auditEntry.findMany({ orderBy: { id: "asc" } });
const outcomes = async () => (await audit()).map(({ action, outcome }) => `${action} ${outcome}`);

/** An action that writes down what is done in its name, and may be refused at each place. */
const trial = (done: string[], refusedAt?: "prepare" | "insert") => {
  const reach = (what: "prepare" | "insert") => {
    if (what === refusedAt) throw new AppError("PRECONDITION", `no ${what}`);
    done.push(what);
  };
  return defineWrite("deployment.write", (ctx, { dryRun }: { dryRun: boolean }) =>
    requestAction(
      ctx,
      { action: "deployment.start" },
      {
        dryRun,
        prepare: async () => {
          reach("prepare");
          return { version: "1.1.0" };
        },
        insert: async (_, { version }) => {
          reach("insert");
          return { result: `record of ${version}`, target: undefined, before: null, after: { version } };
        },
        start: async (record) => {
          done.push(`start ${record}, of ${(await audit()).length} on record`);
        },
      },
    ),
  );
};

describe("requestAction", () => {
  let ctx: TestContext;
  let done: string[];
  beforeEach(async () => {
    await database.db.auditEntry.deleteMany();
    ctx = testContext(database);
    done = [];
  });

  it("prepares, writes the record with its audit entry, and starts what is committed", async () => {
    const answer = await trial(done)(ctx, { dryRun: false });
    expect(answer).toEqual({ prepared: { version: "1.1.0" }, record: "record of 1.1.0" });
    expect(done).toEqual(["prepare", "insert", "start record of 1.1.0, of 1 on record"]);
    expect(await outcomes()).toEqual(["deployment.start done"]);
  });

  it("ends a dry run after the plan, with nothing on record", async () => {
    const answer = await trial(done)(ctx, { dryRun: true });
    expect(answer).toEqual({ prepared: { version: "1.1.0" }, record: null });
    expect(done).toEqual(["prepare"]);
    expect(await outcomes()).toEqual([]);
  });

  it.each(["prepare", "insert"] as const)("puts a refusal at %s on record and starts nothing", async (place) => {
    await expect(trial(done, place)(ctx, { dryRun: false })).rejects.toMatchObject({ message: `no ${place}` });
    expect(done.some((what) => what.startsWith("start"))).toBe(false);
    expect(await outcomes()).toEqual(["deployment.start refused"]);
  });

  it.each([true, false])("prepares nothing for somebody who may not, dry run %s", async (dryRun) => {
    const denied = { ...ctx, actor: actor({ role: "viewer", name: "Eve" }) };
    await expect(trial(done)(denied, { dryRun })).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(done).toEqual([]);
    expect(await outcomes()).toEqual(dryRun ? [] : ["deployment.start refused"]);
  });
});
