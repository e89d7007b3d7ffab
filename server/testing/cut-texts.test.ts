import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HookSchema } from "../agent/deploy/config.ts";
import { keepConfidential, LONGEST_SECRET, placeToCut } from "../agent/kernel/confidential/confidential.ts";
import { RejectionTally } from "../agent/telemetry/rejections.ts";
import { clipSent } from "../agent/text/clip-sent.ts";
import { clipText } from "../agent/text/clip-text.ts";
import { visibleText } from "../agent/text/visible-line.ts";
import { scrubbedEnd, scrubbedStart, scrubText } from "../audit/redact.ts";
import { createHookRunner } from "../integrations/hooks/index.ts";
import { ProtobufReader } from "../integrations/http/body/protobuf-reader.ts";
import { storableName, storableText } from "../integrations/http/body/text.ts";
import { createOutboundClient } from "../integrations/http/client.ts";
import { describeExit } from "../integrations/local/instance/exit-reason.ts";
import { readTail } from "../integrations/local/logs/log-tail.ts";
import { readOn } from "../integrations/local/logs/read-on.ts";
import { storableReason } from "../telemetry-store/write/rejections.ts";

/** Whatever cuts a text cuts no secret in two: half of one would no longer be known to whoever scrubs the text after it. */

const SECRET = "canary-6f1d8b2e-horse-battery-staple";
const HALF = /canary|horse|battery/;
const dir = mkdtempSync(join(tmpdir(), "operate-cut-"));
beforeAll(() => keepConfidential([{ value: SECRET, shown: "${secret:cut}", secret: true }]));
afterAll(() => rmSync(dir, { recursive: true }));

/** A text of which the character at `at` is the middle of the secret, with more behind it. */
const across = (at: number, more = 20_000): string =>
  `${"x ".repeat(at).slice(0, at - SECRET.length / 2)}${SECRET}${" y".repeat(more)}`;

/** as `ProtobufReader.text` takes it: a length and the bytes */
function encoded(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) return Buffer.concat([Buffer.from(length), bytes]);
  }
}

const CUTS: [string, number, (text: string) => string | Promise<string>][] = [
  ["clipText", 80, (text) => clipText(text, 80)],
  ["visibleText", 80, (text) => visibleText(text, 80)],
  ["storableText", 32_768, (text) => storableText(text, 32_768)],
  ["storableName", 255, (text) => storableName(text, 255)],
  ["a text of protobuf", 32_768, (text) => new ProtobufReader(encoded(text)).text(32_768)],
  ["a name of protobuf", 255, (text) => new ProtobufReader(encoded(text)).name(255)],
  ["scrubbedStart", 200, (text) => scrubbedStart(text, 200)],
  ["a reason of refusal", 200, (text) => storableReason(text)],
  ["an example", 400, (text) => exampleOf(text)],
  [
    "the words of an instance that ended",
    200,
    (text) => describeExit({ exit: null, ranForMs: 1, said: text, diskFull: false }),
  ],
  ["the last lines of an instance", 8_192, async (text) => (await readTail(fileOf(text), 1)).lines[0]?.text ?? ""],
];

const fileOf = (text: string): string => {
  const file = join(dir, "lines.log");
  writeFileSync(file, `${text}\n`);
  return file;
};
function exampleOf(text: string): string {
  const tally = new RejectionTally();
  tally.add("why", () => text);
  return tally.list()[0]?.example ?? "";
}

it.each(CUTS)("%s", async (_, at, cut) => {
  for (const shift of [-12, 0, 12]) {
    const shown = await cut(across(at + shift));
    expect(shown.length).toBeGreaterThan(at / 3);
    expect(scrubText(shown)).not.toMatch(HALF);
  }
});

describe("a line longer than a reader takes at once", () => {
  it("is read in pieces of which none holds half a secret, and nothing is lost", async () => {
    for (const text of [across(64 * 1024), `é${across(64 * 1024 - 5)}`]) {
      const file = fileOf(text);
      const { lines } = await readOn({
        file,
        cursor: undefined,
        marksOf: async () => [],
        complete: false,
        maxBytes: 1,
      });
      const cursor = lines.at(-1)?.cursor;
      const rest = await readOn({ file, cursor, marksOf: async () => [], complete: true, maxBytes: 1_000_000 });
      const pieces = [...lines, ...rest.lines].map((line) => line.text);
      expect(pieces.length).toBeGreaterThan(1);
      expect(pieces.map(scrubText).join("")).not.toMatch(HALF);
      expect(pieces.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
    }
  });
});

describe("what a hook prints", () => {
  const TYPED = "hunter-canary-two-battery";
  const run = async (hook: object) => {
    const http = createOutboundClient({ allow: [], deny: [] });
    const context = {
      ...{ deploymentId: "d", service: "a", environment: "b", version: "1", previousVersion: null },
      ...{ phase: "before" as const, weight: null, key: "k" },
    };
    try {
      const parsed = HookSchema.parse({ name: "hook", ...hook });
      return await createHookRunner({ configDir: dir, http, firstPauseMs: 1 }).run(parsed, context);
    } finally {
      await http.close();
    }
  };
  it("is scrubbed before its end is cut, also of what only the hook knows", async () => {
    const script = `process.stdout.write("a".repeat(9000) + " " + process.env.API_TOKEN + " " + "y".repeat(4080))`;
    const env = { API_TOKEN: TYPED };
    const { output } = await run({ type: "command", command: ["node", "-e", script], env });
    expect(output).toMatch(/y{4080}$/);
    expect(output).not.toMatch(HALF);
  });
  it("is scrubbed before the answer to a call is cut", async () => {
    const server = createServer((_, response) => response.end(`${"é".repeat(4_084)} ${TYPED} ${"y".repeat(20_000)}`));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const { output } = await run({ type: "http", url, headers: { "x-api-token": TYPED } });
      expect(output).toMatch(/^é{4000}/);
      expect(output.length).toBeLessThanOrEqual(4_096);
      expect(output).not.toMatch(HALF);
    } finally {
      server.close();
    }
  });
});

describe("where a text is cut", () => {
  it("parts no token", () => {
    const token = `opk_${"aB3dE5fG7h".repeat(4)}`;
    const text = `${"x".repeat(60)} ${token} and more`;
    expect(placeToCut(text, 80)).toBe(61);
  });
  it("is where it was asked for when no secret stands there, and when its reader sent it", () => {
    expect(placeToCut("x".repeat(100), 80)).toBe(80);
    expect(clipSent(across(80), 80)).toHaveLength(80);
  });
  it("may be at the start of what is left of a longer text", () => {
    const left = `${SECRET.slice(9)} ${"z".repeat(LONGEST_SECRET + 4_096)}`.slice(0, LONGEST_SECRET + 4_096);
    expect(scrubbedEnd(left, 4_096)).toBe("z".repeat(4_096));
    expect(scrubbedEnd("short", 4_096)).toBe("short");
  });
});
