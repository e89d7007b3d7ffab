import { request } from "node:http";
import { collectorSocket } from "./socket.ts";

/** Whether the collector of this machine takes telemetry now. */
export const collectorAnswers = (dataDir: string, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const asking = request({ socketPath: collectorSocket(dataDir), path: "/ready", timeout: timeoutMs });
    asking.once("response", (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asking.once("timeout", () => asking.destroy(new Error("no answer")));
    asking.once("error", () => resolve(false));
    asking.end();
  });
