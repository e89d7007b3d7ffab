import type { Hook } from "#server/agent/deploy/config.ts";
import { LONGEST_SECRET } from "#server/agent/kernel/confidential/confidential.ts";
import { toAppError } from "#server/agent/kernel/errors.ts";
import { hostPort } from "#server/agent/kernel/hosts.ts";
import type { HookContext } from "#server/agent/ports/hook-runner.ts";
import type { OutboundHttp } from "#server/agent/ports/outbound-http.ts";
import { SHOWN_CHARACTERS, type Tried } from "./run-command.ts";

/** as many characters as are needed to scrub those that are shown, three bytes each */
const KEPT_BYTES = (SHOWN_CHARACTERS + LONGEST_SECRET) * 3;

/**
 * Calls a hook's address once. Whoever wrote the configuration also named this host, so it may be a private one; a
 * redirect away from it is held to the common rule.
 */
export async function runHttp(
  hook: Extract<Hook, { type: "http" }>,
  context: HookContext,
  http: OutboundHttp,
): Promise<Tried> {
  const url = new URL(hook.url);
  try {
    const answer = await http.request({
      url: hook.url,
      method: hook.method,
      headers: { "content-type": "application/json", ...hook.headers, "idempotency-key": context.key },
      ...(hook.method === "GET" ? {} : { body: JSON.stringify(context) }),
      timeoutMs: hook.timeoutSeconds * 1_000,
      retries: 0,
      breaker: false,
      check: true,
      maxBytes: KEPT_BYTES,
      onTooLarge: "truncate",
      trusted: [hostPort(url)],
    });
    const output = Buffer.from(answer.body).toString("utf8");
    return { ok: hook.expectStatus.includes(answer.status), summary: `answered ${answer.status}`, output };
  } catch (error) {
    return { ok: false, summary: toAppError(error).message, output: "" };
  }
}
