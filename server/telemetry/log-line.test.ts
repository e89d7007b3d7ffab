import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { boundedLine } from "./log-line.ts";

const run = promisify(execFile);

it("keeps an error that quotes a whole query one record of one line", async () => {
  const script = `
    import { createLogger } from "./server/telemetry/log.ts";
    const query = Array.from({ length: 200000 }, (_, i) => "  " + i + ",").join("\\n");
    createLogger("worker").error({ err: new Error("Invalid invocation:\\n" + query) }, "the job failed");`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { maxBuffer: 1e8 });
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  expect(stdout.length).toBeLessThan(16_384);
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ level: 50, component: "worker", msg: "the job failed" },
    err: { type: "Error", message: expect.stringMatching(/^Invalid invocation:\n[\s\S]*…$/) },
  });
});

it.each<[string, unknown]>([
  [
    "many keys",
    { msg: "m", ...Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, "v".repeat(50)])) },
  ],
  [
    "lists of lists",
    { msg: "m", list: Array.from({ length: 50 }, () => Array.from({ length: 50 }, () => "v".repeat(900))) },
  ],
  [
    "depth",
    {
      msg: "m",
      deep: Array.from({ length: 2_000 }).reduce<unknown>((inner) => ({ inner, text: "v".repeat(90) }), null),
    },
  ],
])("is short and JSON whatever it holds: %s", (_, record) => {
  const line = boundedLine(`${JSON.stringify(record)}\n`);
  expect(line.length).toBeLessThanOrEqual(16_384);
  expect(JSON.parse(line)).toMatchObject({ msg: "m" });
});

it("leaves a line of usual length as it is", () => {
  const line = `${JSON.stringify({ msg: "x".repeat(10_000) })}\n`;
  expect(boundedLine(line)).toBe(line);
});
