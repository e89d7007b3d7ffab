import { measureWaiting } from "../agent/kernel/waiting.ts";

/** W3C Server Timing: `wait;dur=29744.0` when it is known how long, `wait` alone for an answer that goes on. */
export const WAIT_HEADER = "server-timing";

/** Serves a request and says in its answer how long it waited on purpose, so that this is not counted as latency. */
export const tellingWaits =
  (serve: (request: Request) => Promise<Response>) =>
  (request: Request): Promise<Response> =>
    measureWaiting(async (waitedMs) => {
      const response = await serve(request);
      const ms = waitedMs();
      if (ms > 0) response.headers.append(WAIT_HEADER, `wait;dur=${ms.toFixed(1)}`);
      return response;
    });

/** Milliseconds that an answer says its request waited: 0 when it says nothing, null when it goes on waiting. */
export function deliberateDelayMs(header: unknown): number | null {
  const [, known, ms] = /(?:^|,\s*)wait(;dur=([\d.]+))?(?:,|$)/.exec(String(header ?? "")) ?? ["", ";dur=0", "0"];
  return known === undefined ? null : Number(ms);
}
