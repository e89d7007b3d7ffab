import { expect, it } from "vitest";
import type { DurableWorkflow } from "../agent/ports/durable.ts";
import { type SweepParts, sweepOnce } from "./sweep.ts";

const AT = new Date("2026-03-01T12:00:00.000Z");
const BROKE = { status: "ERROR", error: new Error("gone") };
const idle = { subject: "deployment", run: async () => {} };

/** Sweeps once over a deployment `d` and a watch `w`, whose workflows have these states; says what was done. */
async function sweep(statuses: Record<string, { status: string; error?: unknown }>, parts: Partial<SweepParts> = {}) {
  const told: unknown[] = [];
  const close = (what: string) => ({ close: async (id: string) => told.push(`close ${what} ${id}`) });
  const deployment: DurableWorkflow<"deployment"> = {
    ...{ ...idle, workflow: "deployment", onBroken: { recoverBy: "recovery" } },
    listUnfinished: async (before) => (before.getTime() === AT.getTime() - 2_000 ? ["d"] : []),
  };
  const say = (fields: object, message: string) => void told.push([message, fields]);
  await sweepOnce({
    workflows: {
      deployment,
      watch: { ...idle, workflow: "watch", listUnfinished: async () => ["w"], onBroken: close("watch") },
      recovery: { ...idle, workflow: "recovery", onBroken: close("recovery") },
    },
    start: async (workflow, id) => void told.push(`start ${workflow} ${id}`),
    statusOf: async (id) => statuses[id] ?? null,
    now: () => AT,
    log: { warn: say, error: say },
    ...parts,
  });
  return told;
}
const done = (told: unknown[]) => told.filter((one) => typeof one === "string");
const running = { d: { status: "PENDING" }, "w:watch": { status: "ENQUEUED" } };

it.each<[string, Record<string, { status: string; error?: unknown }>, string[]]>([
  ["leaves what runs or waits alone", running, []],
  ["starts what is recorded and not queued", {}, ["start deployment d", "start watch w"]],
  ["recovers what broke", { ...running, d: BROKE }, ["start recovery d"]],
  ["leaves a recovery that runs alone", { ...running, d: BROKE, "d:recovery": { status: "PENDING" } }, []],
  [
    "closes the record when the recovery broke, too",
    { ...running, d: BROKE, "d:recovery": BROKE },
    ["close recovery d"],
  ],
  ["closes what ended without closing it", { ...running, "w:watch": { status: "SUCCESS" } }, ["close watch w"]],
])("%s", async (_, statuses, expected) => {
  expect(done(await sweep(statuses))).toEqual(expected);
});

it("says what broke, of which record and why", async () => {
  const told = await sweep({ ...running, "w:watch": BROKE });
  const fields = { workflow: "watch", deployment: "w", status: "ERROR", err: BROKE.error };
  expect(told[0]).toEqual(["a workflow broke before it closed its record", fields]);
});

it("goes on with the others where one queue or one list fails, and says which", async () => {
  const away = new Error("away");
  const start: SweepParts["start"] = async (workflow) => {
    if (workflow === "deployment") throw away;
  };
  const told = await sweep({}, { start });
  expect(told).toEqual([
    [expect.stringContaining("tried again in two seconds"), { workflow: "deployment", err: away }],
    ["started a workflow that had not reached the queue", { workflow: "watch", deployment: "w" }],
  ]);
});
