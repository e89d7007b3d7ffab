import { describe, expect, it } from "vitest";
import { changesOf } from "./json-change.ts";

describe("changesOf", () => {
  it("tells what changed from what stayed, field by field", () => {
    const before = { status: "open", assignee: null, tags: ["a"], options: { instances: 2 } };
    const after = { status: "acknowledged", assignee: "Ada", tags: ["a", "b"], options: { instances: 2 } };
    expect(changesOf(before, after)).toEqual([
      { path: "status", before: "open", after: "acknowledged", kind: "changed" },
      { path: "assignee", before: "null", after: "Ada", kind: "changed" },
      { path: "tags[0]", before: "a", after: "a", kind: "same" },
      { path: "options.instances", before: "2", after: "2", kind: "same" },
      { path: "tags[1]", before: null, after: "b", kind: "added" },
    ]);
  });

  it.each([
    ["created", null, { a: 1 }, "added"],
    ["deleted", { a: 1 }, null, "removed"],
  ])("%s", (_name, before, after, kind) => expect(changesOf(before, after)).toMatchObject([{ path: "a", kind }]));

  it("keeps what is empty, and says nothing of nothing", () => {
    expect(changesOf({ list: [], map: {} }, { list: [], map: {} }).map((change) => change.before)).toEqual([
      "[]",
      "{}",
    ]);
    expect(changesOf(null, undefined)).toEqual([]);
    expect(changesOf("a", "b")).toEqual([{ path: "", before: "a", after: "b", kind: "changed" }]);
  });
});
