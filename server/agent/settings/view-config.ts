import { readFileSync } from "node:fs";
import type { z } from "zod";
import { checkConfig } from "#server/config/load.ts";
import type { AgentContext } from "../kernel/context.ts";
import { authorize } from "../kernel/permissions.ts";
import type { CheckConfigOutput, ConfigView } from "./schema.ts";

/** The configuration file as it is now, what is wrong with it, and whether this process runs an older one. */
export function viewConfig(ctx: AgentContext): z.infer<typeof ConfigView> {
  authorize(ctx, "settings.read");
  const { file, text: started, sample } = ctx.source;
  const text = readNow(file) ?? started;
  const checked = checkConfig(text, process.env);
  return { file, text, sample, changedSinceStart: text !== started, issues: checked.ok ? [] : checked.issues };
}

/** Checks a text as if it were the configuration file. Nothing is saved. */
export function checkConfigText(ctx: AgentContext, input: { text: string }): z.infer<typeof CheckConfigOutput> {
  authorize(ctx, "settings.read");
  const checked = checkConfig(input.text, process.env);
  return { valid: checked.ok, issues: checked.ok ? [] : checked.issues };
}

function readNow(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null; // moved or unreadable since the start: what runs is still known
  }
}
