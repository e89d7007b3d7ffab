import { setTimeout as delay } from "node:timers/promises";
import { Agent, request } from "undici";

export interface Load {
  sent: number;
  /** what was due while too many of those before were not answered yet: a machine that stands still is asked less */
  heldBack: number;
  /** what each request that was not answered with 200 came to */
  failed: string[];
  seconds: number;
}

/**
 * Seconds' worth of requests that may be open at once. On a machine that answers a third of them, each still comes to
 * its end within 1.5 s, before any client loses patience: else the queue, not the service, would time out.
 */
const MOST_OPEN_SECONDS = 0.5;

/** The machine that runs the tests may not bear a whole rate; of this share of it one lost request still shows. */
export const LEAST_SHARE_SENT = 0.25;

/**
 * Sends `perSecond` requests a second to a URL, whether or not those before were answered, while `work` runs, and
 * waits for the last answer. Clients wait `patienceMs` for an answer and then leave.
 */
export async function underLoad<T>(
  url: string,
  perSecond: number,
  work: () => Promise<T>,
  patienceMs = 20_000,
): Promise<Load & { result: T }> {
  const dispatcher = new Agent({ connections: 64, bodyTimeout: 20_000, headersTimeout: 20_000 });
  const failed: string[] = [];
  const open = new Set<Promise<void>>();
  const startedMs = performance.now();
  const seconds = () => (performance.now() - startedMs) / 1_000;
  let sent = 0;
  let heldBack = 0;
  let over = false;

  const ask = async () => {
    try {
      const { statusCode, body } = await request(url, { dispatcher, signal: AbortSignal.timeout(patienceMs) });
      await body.dump();
      if (statusCode !== 200) failed.push(`${statusCode} at ${seconds().toFixed(1)} s`);
    } catch (error) {
      failed.push(`${String(error)} at ${seconds().toFixed(1)} s`);
    }
  };
  const pump = async () => {
    while (!over) {
      const due = Math.min(seconds() * perSecond, sent + heldBack + perSecond);
      while (sent + heldBack < due) {
        if (open.size >= MOST_OPEN_SECONDS * perSecond) {
          heldBack += 1;
          continue;
        }
        const one = ask().finally(() => open.delete(one));
        open.add(one);
        sent += 1;
      }
      await delay(5);
    }
  };
  const pumping = pump();
  try {
    const result = await work();
    return { result, sent, heldBack, failed, seconds: seconds() };
  } finally {
    over = true;
    await pumping;
    await Promise.all(open);
    await dispatcher.close();
  }
}
