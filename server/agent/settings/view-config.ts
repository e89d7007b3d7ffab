import { readFileSync } from "node:fs";
import type { z } from "zod";
import { checkConfig, checkForeignConfig } from "#server/config/load.ts";
import { variablesIn } from "#server/config/placeholders.ts";
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

/**
 * Checks a text as if it were the configuration file; nothing is saved. Placeholders of the text are never resolved,
 * and whether a variable is set is told only of those that the running configuration uses. Each call is audited.
 */
export async function checkConfigText(
  ctx: AgentContext,
  input: { text: string },
): Promise<z.infer<typeof CheckConfigOutput>> {
  authorize(ctx, "settings.read");
  const { issues, unchecked } = checkForeignConfig(input.text, process.env, variablesIn(ctx.source.text));
  const valid = issues.length === 0;
  await ctx.audit.record(ctx.db, ctx, {
    action: "settings.check_config",
    after: {
      valid,
      issues: issues.length,
      characters: input.text.length,
      variables: [...variablesIn(input.text)].slice(0, 50),
    },
  });
  return { valid, issues, unchecked };
}

function readNow(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null; // moved or unreadable since the start: what runs is still known
  }
}
