import { expect, it } from "vitest";
import { createWorkflowQueue } from "./queue.ts";

it("says that the queue cannot be reached, each time it is asked", async () => {
  const queue = createWorkflowQueue("postgresql://nobody@127.0.0.1:1/none", 300);
  for (let i = 0; i < 2; i++)
    await expect(queue.start("deployment", "dep_1")).rejects.toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
  await expect(queue.nudge("dep_1")).rejects.toMatchObject({ code: "UPSTREAM_UNAVAILABLE" });
  await queue.close();
});
