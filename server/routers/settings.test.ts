import { expect, test } from "vitest";
import { z } from "zod";
import { recordEvent } from "../agent/deploy/record/store.ts";
import { deployApplication } from "../agent/deploy/request/deploy-application.ts";
import { syncTargets } from "../agent/health/check/sync-targets.ts";
import { targetId } from "../agent/health/check/targets.ts";
import { recordResults } from "../agent/health/record/record-results.ts";
import { manageIncident } from "../agent/incidents/index.ts";
import { ManageIncidentInput } from "../agent/incidents/schema.ts";
import { keepConfidential } from "../agent/kernel/confidential/confidential.ts";
import { AppError } from "../agent/kernel/errors.ts";
import { actor, testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { settingsRouter } from "./settings.ts";
import { createCallerFactory, procedure, router } from "./trpc.ts";

const database = useDatabase();
const secretKey = "canary-of-the-secret-key-0123456789abcdef";

test("the check of a caller's text prints no variable, tells only of those in use, and is audited", async () => {
  Object.assign(process.env, { OPERATE_SECRET_KEY: secretKey, OPERATE_TEST_UNUSED: "canary-unused" });
  const text = ["OPERATE_SECRET_KEY", "OPERATE_TEST_UNUSED", "OPERATE_TEST_USED"]
    .map(
      (name, i) => `  - name: s${i}
    local: { command: [node], versions: [{ version: 1.0.0 }] }
    environments: { production: { initialVersion: "\${env:${name}}" } }`,
    )
    .join("\n");
  const agent = testContext(database, {
    actor: actor({ role: "operator", kind: "agent", id: "tok_check" }),
    source: { file: "/x.yaml", text: "traffic: [] # ${env:OPERATE_TEST_USED}", sample: false },
  });
  const caller = createCallerFactory(settingsRouter)({ agent, requestId: "req_check" });
  const answer = await caller.checkConfig({ text: `services:\n${text}` });
  expect(JSON.stringify(answer)).not.toContain("canary");
  expect(answer.unchecked).toEqual(["${env:OPERATE_TEST_UNUSED}"]);
  expect(answer.issues.map(({ message }) => message)).toEqual([
    expect.stringMatching(/names a secret of Operate itself/),
    expect.stringMatching(/OPERATE_TEST_USED, which is not set/),
  ]);
  const [entry] = await database.db.auditEntry.findMany({ where: { actorId: "tok_check" } });
  expect(entry).toMatchObject({ action: "settings.check_config", outcome: "done", after: { valid: false, issues: 2 } });
});

test("no procedure's error or result carries a confidential value", async () => {
  keepConfidential([{ value: "canary-of-a-header", shown: "${env:HEADER}", secret: true }]);
  const leaky = router({
    fails: procedure.query(() => {
      throw new AppError("UPSTREAM_REJECTED", "it refused canary-of-a-header", {
        details: { sent: ["canary-of-a-header"] },
      });
    }),
    answers: procedure.query(() => ({ headers: [{ authorization: "Bearer canary-of-a-header" }] })),
  });
  const agent = testContext(database);
  const caller = createCallerFactory(leaky)({ agent, requestId: "req_leaky" });
  const failure: unknown = await caller.fails().catch((error: unknown) => error);
  expect(failure).toMatchObject({
    message: "it refused ${env:HEADER}",
    cause: { details: { sent: ["${env:HEADER}"] } },
  });
  expect(await caller.answers()).toEqual({ headers: [{ authorization: "Bearer ${env:HEADER}" }] });

  await agent.audit.record(agent.db, agent, { action: "settings.check_config", after: { note: "canary-of-a-header" } });
  const [entry] = await database.db.auditEntry.findMany({
    where: { action: "settings.check_config", requestId: agent.requestId },
  });
  expect(entry?.after).toEqual({ note: "${env:HEADER}" });
});

test("what a caller sends comes back as it was sent, whether or not it is a secret", async () => {
  const [right, wrong] = ["55512-34567-890", "55598-76543-210"];
  keepConfidential([{ value: right, shown: "${env:GUESSED}", secret: true }]);
  const echoing = router({
    refuses: procedure.input(z.object({ name: z.string() })).query(({ input }) => {
      throw new AppError("NOT_FOUND", `There is no ${input.name}.`, { details: { name: input.name } });
    }),
    makes: procedure.input(z.object({ name: z.string() })).mutation(({ input }) => ({ name: input.name })),
    reads: procedure.input(z.object({ name: z.string() })).query(() => ({ stored: right })),
  });
  const ctx = { agent: testContext(database), requestId: "req_echo" };
  const caller = createCallerFactory(echoing)(ctx);
  const settings = createCallerFactory(settingsRouter)(ctx);
  const told = async (guess: string) => {
    const refusal = (await caller.refuses({ name: guess }).catch((error: unknown) => error)) as Error & {
      cause: AppError;
    };
    const text = `services:\n  - name: ${guess}\n    ${guess}: 1\n`;
    const answers = [
      refusal.message,
      refusal.cause.details,
      await caller.makes({ name: guess }),
      await settings.checkConfig({ text }),
    ];
    return JSON.stringify(answers).replaceAll(guess, "GUESS");
  };
  expect(await told(right)).toBe(await told(wrong));
  expect(await caller.reads({ name: right })).toEqual({ stored: "${env:GUESSED}" });
});

test("incidents, deployments and health results are written clean", async () => {
  const secret = "canary-written-in-texts";
  keepConfidential([{ value: secret, shown: "${env:WRITTEN}", secret: true }]);
  const ctx = testContext(database);
  await manageIncident(
    ctx,
    ManageIncidentInput.parse({ action: "create", title: `Title ${secret}`, description: secret }),
  );
  await syncTargets(ctx);
  const result = { slotAtMs: 1_000, endedAtMs: 1_010, outcome: "down" as const, latencyMs: 1, statusCode: null };
  await recordResults(ctx, [
    { ...result, targetId: targetId("service", "checkout", "production"), message: `exit 1: ${secret}` },
  ]);
  const asked = { service: "checkout", environment: "production", version: "1.1.0", strategy: "canary" } as const;
  const { deployment } = await deployApplication(ctx, { ...asked, reason: `because of ${secret}` });
  const event = {
    key: "e",
    level: "info",
    kind: "step",
    message: `hook said ${secret}`,
    detail: { out: secret },
  } as const;
  await database.db.$transaction((tx) =>
    recordEvent(tx, deployment?.id ?? "", event, { summary: `sum ${secret}` }, new Date()),
  );
  const tables = await database.db.$queryRaw<{ name: string }[]>`
    select relname::text as name from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace`;
  const found: string[] = [];
  for (const { name } of tables) {
    const sql = `select count(*)::int as n from "${name}" t where t::text like '%${secret}%'`;
    const [row] = await database.db.$queryRawUnsafe<{ n: number }[]>(sql);
    if (row?.n) found.push(name);
  }
  expect(found).toEqual([]);
});
