import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { appRouter } from "#server/routers/index.ts";
import { toolsOf } from "./registry.ts";

const CORE = resolve(import.meta.dirname, "../server/agent");
/** what only agents read: descriptions of inputs and outputs, and the tool that a recommendation names as data */
const FOR_AGENTS = /schema\.ts$|capability\.ts$|\.test\.ts$/;
const IS_DATA = /\btool: "|^\s*(\*|\/\/|\/\*\*)/;

it("no message of the core names a tool: a person at the console reads it too", () => {
  const names = new RegExp(
    `\\b(${toolsOf(appRouter)
      .visibleTo("admin")
      .map(({ listing }) => listing.name)
      .join("|")})\\b`,
  );
  const files = readdirSync(CORE, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const found = files
    .filter((file) => !FOR_AGENTS.test(file))
    .flatMap((file) =>
      readFileSync(join(CORE, file), "utf8")
        .split("\n")
        .filter((line) => names.test(line) && !IS_DATA.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
  expect(found).toEqual([]);
});
