import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { InstanceLogs } from "#server/agent/ports/instance-logs.ts";
import type { PlatformInstance, ServiceRef, Workloads } from "#server/agent/ports/workloads.ts";
import { READY_WITHIN_MS, until } from "./until.ts";

/** What the suite needs to know about a platform that runs one service whose instances wrote something. */
export interface InstanceLogsUnderTest {
  logs: InstanceLogs;
  workloads: Pick<Workloads, "getService">;
  ref: ServiceRef;
  stop(): Promise<void>;
}

/** The contract of the port `InstanceLogs`, to be run on every adapter. */
export function describeInstanceLogsContract(name: string, setUp: () => Promise<InstanceLogsUnderTest>): void {
  describe(`${name} as InstanceLogs`, () => {
    let under: InstanceLogsUnderTest;
    beforeAll(async () => {
      under = await setUp();
      await until(async () => (await instances()).every((one) => one.state === "ready"));
    }, READY_WITHIN_MS);
    afterAll(() => under.stop());

    const instances = async (): Promise<PlatformInstance[]> => (await under.workloads.getService(under.ref)).instances;

    it("can tail and follow", () => {
      expect(under.logs.capabilities()).toEqual({ tail: true, follow: true });
    });

    it("tails the newest log lines, oldest first", async () => {
      const [first] = await instances();
      const lines = await under.logs.tailLogs({ instanceId: first?.id ?? "", lines: 5 });
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.map((line) => line.at)).toEqual(lines.map((line) => line.at).sort());
    });

    it("names the instances there are when asked for another", async () => {
      await expect(under.logs.tailLogs({ instanceId: "inst_none", lines: 1 })).rejects.toMatchObject({
        code: "NOT_FOUND",
        message: expect.stringContaining("inst_none"),
      });
    });

    it("follows from the first kept line, and goes on behind a cursor", async () => {
      const ids = (await instances()).map((one) => one.id);
      const { streams } = await under.logs.followLogs({ cursors: {}, maxBytes: 1_000_000 });
      const stream = streams.find((one) => ids.includes(one.instanceId) && one.lines.length > 0);
      if (!stream) throw new Error(`no stream of ${ids.join(", ")}`);
      expect(stream).toMatchObject(under.ref);
      const [first, ...rest] = stream.lines;
      const behind = async (cursor: string | undefined) => {
        const answer = await under.logs.followLogs({ cursors: { [stream.name]: cursor ?? "" }, maxBytes: 1_000_000 });
        return (answer.streams.find((one) => one.name === stream.name)?.lines ?? []).map((line) => line.cursor);
      };
      const known = rest.map((line) => line.cursor);
      expect((await behind(first?.cursor)).slice(0, known.length)).toEqual(known);
      expect(await behind(stream.lines.at(-1)?.cursor)).not.toContain(first?.cursor);
    });
  });
}
