import { describe, expect, it } from "vitest";
import { matchShortcut } from "./shortcut-match.ts";

const press = (key: string, more: Partial<{ ctrlKey: boolean; metaKey: boolean; altKey: boolean }> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...more,
});
const known = ["g o", "g s", "/", "?", "mod+k", "j", "Enter"];

describe("matchShortcut", () => {
  it.each([
    ["a plain key", press("/"), null, { kind: "run", keys: "/" }],
    ["a key with shift", press("?"), null, { kind: "run", keys: "?" }],
    ["Control", press("k", { ctrlKey: true }), null, { kind: "run", keys: "mod+k" }],
    ["Command", press("k", { metaKey: true }), null, { kind: "run", keys: "mod+k" }],
    ["the first of two", press("g"), null, { kind: "wait", first: "g" }],
    ["the second of two", press("o"), "g", { kind: "run", keys: "g o" }],
    ["caps lock", press("O"), "g", { kind: "run", keys: "g o" }],
    ["a key that only means something after g", press("o"), null, { kind: "none" }],
    ["an unknown second key falls back to itself", press("j"), "g", { kind: "run", keys: "j" }],
    ["the browser's own Control+J", press("j", { ctrlKey: true }), null, { kind: "none" }],
    ["Alt", press("j", { altKey: true }), null, { kind: "none" }],
  ] as const)("%s", (_name, event, first, result) => expect(matchShortcut(event, first, known)).toEqual(result));
});
