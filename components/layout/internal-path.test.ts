import { expect, it } from "vitest";
import { internalPath } from "./internal-path.ts";

const CLICK = { button: 0, metaKey: false, ctrlKey: false, shiftKey: false, altKey: false, defaultPrevented: false };
const HERE = "http://console.test/services?env=staging";

it.each([
  ["a page", {}, {}, "/logs?q=1#x", "/logs?q=1#x"],
  ["the same page with another query", {}, {}, "/services?env=production", "/services?env=production"],
  ["an absolute address of the console", {}, { target: "_self" }, "http://console.test/map", "/map"],
  ["a place of this page", {}, {}, `${HERE}#content`, null],
  ["another site", {}, {}, "https://elsewhere.test/", null],
  ["no address of the web", {}, {}, "mailto:a@b.test", null],
  ["a new tab", {}, { target: "_blank" }, "/logs", null],
  ["a file", {}, { download: true }, "/logs.csv", null],
  ["a new tab by key", { ctrlKey: true }, {}, "/logs", null],
  ["a new window by key", { shiftKey: true }, {}, "/logs", null],
  ["a second button", { button: 1 }, {}, "/logs", null],
  ["what somebody else handled", { defaultPrevented: true }, {}, "/logs", null],
])("a click on a link: %s", (_, click, anchor, href, path) =>
  expect(internalPath({ ...CLICK, ...click }, { href, target: "", download: false, ...anchor }, HERE)).toBe(path),
);
