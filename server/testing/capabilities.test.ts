import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { CAPABILITIES } from "../agent/capabilities.ts";
import { PERMISSIONS } from "../agent/kernel/permissions.ts";
import { TimelineEvent } from "../agent/timeline/schema.ts";

/** What the manifests of capabilities tell, against the sources: a stage of `npm run verify`. */

const ROOT = resolve(import.meta.dirname, "../..");
const all = <T>(of: (capability: (typeof CAPABILITIES)[number]) => readonly T[]): T[] => CAPABILITIES.flatMap(of);
const twice = <T>(names: readonly T[]): T[] => names.filter((name, index) => names.indexOf(name) !== index);

const declared = {
  names: CAPABILITIES.map(({ name }): string => name),
  permissions: all<string>(({ permissions }) => permissions.map(({ name }) => name)),
  topics: all<string>(({ topics }) => topics),
  "audit actions": all<string>(({ auditActions }) => auditActions),
  events: all<string>(({ events }) => events),
};

const sources = ["server", "mcp"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name}`)
    .filter((path) => path.endsWith(".ts")),
);
const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const product = sources.filter(
  (path) => !/\.test\.ts$|^server\/(?:testing|db\/generated)\/|\/(?:capability|examples)\.ts$/.test(path),
);

describe("capabilities", () => {
  it.each(Object.entries(declared))("declare %s once", (_, names) => {
    expect(names.length).toBeGreaterThan(4);
    expect(twice(names)).toEqual([]);
    expect(twice(["a", "b", "a"])).toEqual(["a"]);
  });

  it("are listed, every one that has a manifest", () => {
    const manifests = sources.filter(
      (path) => path.endsWith("/capability.ts") && path !== "server/agent/capability.ts",
    );
    const list = textOf("server/agent/capabilities.ts");
    const imported = [...list.matchAll(/from "(.+?\/capability\.ts)"/g)].map(([, path = ""]) =>
      join("server/agent", path),
    );
    expect(imported.every((path) => existsSync(join(ROOT, path)))).toBe(true);
    expect(imported.sort()).toEqual(manifests.sort());
    expect(CAPABILITIES).toHaveLength(manifests.length);
  });

  it("have their jobs on the list of the worker", () => {
    const files = sources.filter((path) => /^server\/agent\/[^/]+\/jobs\.ts$/.test(path));
    const list = textOf("server/agent/jobs.ts");
    const named = [...list.matchAll(/import \{ (\w+) \} from "(.+?\/jobs\.ts)"/g)];
    expect(named.map(([, , path = ""]) => join("server/agent", path)).sort()).toEqual(files.sort());
    const listed = /= \[([^\]]+)\];/.exec(list)?.[1]?.match(/\w+/g);
    expect(listed?.toSorted()).toEqual(named.map(([, name]) => name).sort());
  });

  it("declare every kind of event of the time line", () => {
    expect(declared.events.toSorted()).toEqual(TimelineEvent.options.map(({ shape }) => shape.kind.value).sort());
  });

  it("declare no permission that nobody asks for", () => {
    const asks = /(?:\bauthorize\(\w+, |\bcan\([^"]*|\bdefineWrite\(\s*|\bpermission: )"([a-z.]+)"/g;
    const asked = new Set(product.flatMap((path) => [...textOf(path).matchAll(asks)].map(([, name]) => name)));
    expect(PERMISSIONS.filter((permission) => !asked.has(permission))).toEqual([]);
  });

  it("declare no audit action that nothing is recorded under", () => {
    const texts = product.map(textOf);
    const recorded = (action: string): boolean => texts.some((text) => text.includes(`"${action}"`));
    const unused = declared["audit actions"].filter((action) => !recorded(action));
    // of an incident the input's own words: `incident.${action}`
    expect(unused.sort()).toEqual(["incident.escalate", "incident.resolve", "incident.update"]);
    expect(textOf("server/agent/incidents/manage-incident.ts")).toContain("`incident.${input.action}`");
  });
});
