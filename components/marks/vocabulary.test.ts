import { describe, expect, it } from "vitest";
import * as deploy from "#server/agent/deploy/schema.ts";
import * as health from "#server/agent/health/schema.ts";
import * as incidents from "#server/agent/incidents/schema.ts";
import { ROLES, TOKEN_ROLES } from "#server/agent/kernel/permissions.ts";
import { MAX_PASSWORD, MIN_PASSWORD } from "#server/auth/schema.ts";
import * as vocabulary from "./vocabulary.ts";

describe("the pages' words", () => {
  it.each(Object.entries(vocabulary))("%s is the schema's", (name, words) => {
    const lists: Record<string, unknown> = {
      ...deploy,
      ...health,
      ...incidents,
      ROLES,
      TOKEN_ROLES,
      MIN_PASSWORD,
      MAX_PASSWORD,
    };
    expect(words).toEqual(lists[name]);
  });
});
