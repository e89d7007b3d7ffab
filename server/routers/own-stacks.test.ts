import { expect, test } from "vitest";
import { onOneLine } from "../agent/text/visible-text.ts";
import { actor, testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { createCallerFactory, procedure, router } from "./trpc.ts";

const database = useDatabase();
const stack = new Error("no answer").stack ?? "";
const lines = (service: string) => [
  {
    service,
    body: `failed: ${stack}`,
    attributes: { err: { stack, message: "no answer" }, "exception.stacktrace": stack },
  },
  {
    services: [service, "shop"],
    template: `failed: ${stack}`,
    samples: [`failed: ${stack}`, onOneLine(stack), JSON.stringify({ err: { stack } })],
  },
  { service, spans: [{ name: "x", events: [{ name: "exception", attributes: { "exception.stacktrace": stack } }] }] },
];

test("viewers read no stack of Operate's own; responders do, and everyone those of other services", async () => {
  const read = (role: "viewer" | "responder", service: string) => {
    const agent = testContext(database, { actor: actor({ role }) });
    const logs = router({
      search: procedure.meta({ permission: "telemetry.read" }).query(() => ({ lines: lines(service) })),
    });
    return createCallerFactory(logs)({ agent, requestId: "req_logs" }).search();
  };
  const hidden = JSON.stringify(await read("viewer", "operate"));
  expect(hidden).not.toContain("own-stacks.test.ts");
  expect(hidden).toContain("failed: Error: no answer");
  expect(await read("responder", "operate")).toEqual({ lines: lines("operate") });
  expect(await read("viewer", "checkout")).toEqual({ lines: lines("checkout") });
});
