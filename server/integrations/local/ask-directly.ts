import { request } from "undici";
import type { z } from "zod";
import { LONGEST_SECRET, placeToCut } from "#server/agent/kernel/confidential/confidential.ts";
import type { DirectAnswer } from "#server/agent/ports/traffic.ts";
import type { DirectInput } from "./protocol.ts";
import type { ServiceUnit } from "./service-unit.ts";

/** of an answer's body that is kept */
const MOST_CHARACTERS = 4_096;

/** Asks every ready instance of a version past the balancer, all at once. */
export function askDirectly(unit: ServiceUnit, asked: z.infer<typeof DirectInput>): Promise<DirectAnswer[]> {
  const ready = [...unit.instances.values()].filter((one) => one.version === asked.version && one.state === "ready");
  return Promise.all(ready.map(({ id, port }) => askOne(id, port, asked)));
}

async function askOne(
  instanceId: string,
  port: number,
  { method, path, headers, body, timeoutMs }: z.infer<typeof DirectInput>,
): Promise<DirectAnswer> {
  const startedMs = performance.now();
  const took = () => Math.round((performance.now() - startedMs) * 10) / 10;
  try {
    const answer = await request(`http://127.0.0.1:${port}${path}`, {
      method,
      headers,
      body,
      reset: true, // a connection of its own: the instance's idle ones are the balancer's
      signal: AbortSignal.timeout(timeoutMs),
    });
    let text = "";
    answer.body.setEncoding("utf8");
    for await (const chunk of answer.body) {
      text += String(chunk);
      if (text.length > MOST_CHARACTERS + LONGEST_SECRET) break;
    }
    return {
      instanceId,
      status: answer.statusCode,
      durationMs: took(),
      body: text.slice(0, placeToCut(text, MOST_CHARACTERS)),
      problem: null,
    };
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    const why = error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error);
    const problem = late ? `no answer within ${timeoutMs} ms` : why;
    return { instanceId, status: null, durationMs: took(), body: "", problem };
  }
}
