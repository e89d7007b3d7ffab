import { setTimeout as delay } from "node:timers/promises";
import type { Hook } from "#server/agent/deploy/config.ts";
import { withoutValuesOf } from "#server/agent/kernel/confidential/confidential.ts";
import type { HookRunner } from "#server/agent/ports/hook-runner.ts";
import type { OutboundHttp } from "#server/agent/ports/outbound-http.ts";
import { scrubbedEnd, scrubbedStart, scrubText } from "#server/audit/redact.ts";
import { secrecyOf } from "#server/config/secrecy.ts";
import { partsOf } from "#server/config/secret-parts.ts";
import { runCommand, SHOWN_CHARACTERS, type Tried } from "./run-command.ts";
import { runHttp } from "./run-http.ts";

interface Options {
  /** relative folders of commands start here */
  configDir: string;
  http: OutboundHttp;
  /** before the second try; it doubles with each */
  firstPauseMs?: number;
}

const LONGEST_PAUSE_MS = 10_000;
/** of an `Authorization` header: a secret alone is what stands behind it */
const SCHEME = /^(?:basic|bearer|digest|token|apikey)\s+/i;

/** Runs hooks as commands or HTTP calls, with their retries; what they print is shown without the hook's own secrets. */
export const createHookRunner = ({ configDir, http, firstPauseMs = 500 }: Options): HookRunner => ({
  async run(hook, context) {
    const scrub = (text: string) => conceal(text, hook);
    const shownPart = hook.type === "http" ? scrubbedStart : scrubbedEnd;
    const startedMs = performance.now();
    let tried: Tried = { ok: false, summary: "never run", output: "" };
    let tries = 0;
    for (; tries <= hook.retries && !tried.ok; tries++) {
      if (tries > 0) await delay(Math.min(LONGEST_PAUSE_MS, firstPauseMs * 2 ** (tries - 1)));
      tried = hook.type === "http" ? await runHttp(hook, context, http) : await runCommand(hook, context, configDir);
    }
    return {
      ok: tried.ok,
      summary: scrub(tried.summary),
      durationMs: Math.round(performance.now() - startedMs),
      tries,
      output: shownPart(tried.output, SHOWN_CHARACTERS, scrub),
    };
  },
});

/** Values of the hook's environment and headers may be secrets, as those of placeholders in the configuration. */
function conceal(text: string, hook: Hook): string {
  const [place, values] = hook.type === "http" ? ["headers", hook.headers] : ["env", hook.env];
  const entries = Object.entries(values).flatMap(([name, whole]) =>
    [whole, whole.replace(SCHEME, "")].flatMap((value) => {
      const secret = secrecyOf([place, name], value);
      return [{ value, secret }, ...partsOf(value, secret)].map((entry) => ({ ...entry, shown: "[redacted]" }));
    }),
  );
  return withoutValuesOf(scrubText(text), entries);
}
