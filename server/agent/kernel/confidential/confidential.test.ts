import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createLogger } from "../../../telemetry/log.ts";
import {
  confidentialStream,
  dataWithoutConfidential,
  keepConfidential,
  keepEnvironmentConfidential,
  withoutConfidential,
} from "./confidential.ts";

keepEnvironmentConfidential({
  NODE_ENV: "test",
  OPERATE_SECRET_KEY: "k".repeat(40),
  OPERATE_SECRET_API: 'with "quotes" and /slashes',
  DATABASE_URL: "postgresql://operate:p%40ss-word@127.0.0.1/operate",
});
keepConfidential([
  { value: "eu-west-9", shown: "${env:REGION}", secret: false },
  { value: "a value in doubt", shown: "${env:LONG}", secret: "in doubt" },
  { value: "2.10.0", shown: "${env:APP_VERSION}", secret: false },
  { value: "hunter2", shown: "${env:DOUBT}", secret: "in doubt" },
  { value: "tiny", shown: "${env:TINY}", secret: true },
]);

describe("what is confidential", () => {
  test.each([
    [`key ${"k".repeat(40)}.`, "key ${env:OPERATE_SECRET_KEY}."],
    ['{"a":"with \\"quotes\\" and /slashes"}', '{"a":"${env:OPERATE_SECRET_API}"}'],
    ["?q=with%20%22quotes%22%20and%20%2Fslashes", "?q=${env:OPERATE_SECRET_API}"],
    ["p@ss-word and p%40ss-word", "[password of DATABASE_URL] and [password of DATABASE_URL]"],
    ["in eu-west-9", "in ${env:REGION}"],
    ["a tiny word stays", "a tiny word stays"],
  ])("in the message %s", (text, clean) => expect(withoutConfidential(text)).toBe(clean));

  test("what is no secret is replaced within no other word or name", () => {
    const labels = {
      region: "eu-west-9",
      zone: "eu-west-9a",
      version: "2.10.0",
      ip: "10.2.10.0",
      of: "hunter2x hunter2",
    };
    expect(dataWithoutConfidential(labels)).toEqual({ ...labels, of: "hunter2x ${env:DOUBT}" });
    for (const text of ["eu-west-9a", "10.2.10.0", "2.10.0-rc1", "xhunter2", "eu-west-9-blue", "my_eu-west-9"])
      expect(withoutConfidential(text)).toBe(text);
    expect(withoutConfidential("2.10.0, pw=hunter2 and eu-west-9.")).toBe(
      "${env:APP_VERSION}, pw=${env:DOUBT} and ${env:REGION}.",
    );
    expect(withoutConfidential("%3Dhunter2%0A")).toBe("%3D${env:DOUBT}%0A");
  });

  const SECRET = 'C%n/ry"Sécret-1';
  const hex = Buffer.from(SECRET).toString("hex");
  const percent = hex.replace(/../g, "%$&");
  test.each([
    ["upper case", 'c%N/RY"SéCRET-1'],
    ["hex", hex],
    ["hex in upper case", hex.toUpperCase()],
    ["hex with blanks", hex.replace(/..(?=.)/g, "$& ")],
    ["hex with colons", hex.toUpperCase().replace(/..(?=.)/g, "$&:")],
    ["percent, every character", percent],
    ["percent in upper case", percent.toUpperCase()],
    ["percent, some characters", '%43%25n%2fry"S%C3%A9cr%65t-1'],
    ["percent, twice", encodeURIComponent(percent)],
    ["JSON's escapes", '\\u0043%n\\/ry\\"S\\u00e9cret-1'],
    ["JSON in JSON", JSON.stringify(JSON.stringify(SECRET)).slice(3, -3)],
    ["HTML's escapes", "&#67;%n/ry&quot;S&#xe9;cret-1"],
    ["C's escapes", hex.replace(/../g, "\\x$&")],
  ])("written in %s", (_, written) => {
    keepConfidential([{ value: SECRET, shown: "${env:FORMS}", secret: true }]);
    expect(withoutConfidential(`100% of <${written}> & more`)).toBe("100% of <${env:FORMS}> & more");
    for (let cut = 1; cut < written.length; cut++) {
      const stream = confidentialStream();
      const text = [stream.push(`a ${written.slice(0, cut)}`), stream.push(`${written.slice(cut)} b`), stream.end()];
      expect(text.join("")).toBe("a ${env:FORMS} b");
    }
  });

  test.each(["\n", "\t", "\r\n", "\b", "\f", "\u0007", "\u001b[31m"])(
    "a value behind the control character %j in JSON",
    (control) => {
      const line = JSON.stringify({ a: `x${control}hunter2` });
      for (const text of [line, JSON.stringify(line), line.replace("\\u001b", "\\e"), line.replace("\\u001b", "\\033")])
        expect(withoutConfidential(text)).not.toContain("hunter2");
    },
  );

  test("a value of several lines, however its lines are broken, and each of its long lines", () => {
    const lines = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "BKcwggSjAgEAAoIBAQDLong", "c2hvcnQ="];
    const begin = "-----BEGIN PRIVATE KEY-----";
    const pem = [begin, ...lines, "-----END PRIVATE KEY-----", ""].join("\n");
    const escaped = pem.replaceAll("\n", "\\n").replace("MIIE", "NJJF");
    keepConfidential([
      { value: pem, shown: "${env:PEM}", secret: true },
      { value: escaped, shown: "${env:ESCAPED}", secret: true },
    ]);
    expect(withoutConfidential(JSON.stringify({ key: pem.trim() }))).toBe('{"key":"${env:PEM}"}');
    const encoded = [pem, pem.trim()].map((text) => Buffer.from(text).toString("base64"));
    for (const text of [
      pem,
      pem.trim(),
      pem.replaceAll("\n", "\r\n"),
      JSON.stringify(JSON.stringify(pem)),
      ...encoded,
      ...lines,
    ])
      expect(withoutConfidential(`key ${text}`)).not.toMatch(/MIIE|BKcw|TUlJRX/);
    expect(withoutConfidential(escaped.replaceAll("\\n", "\n"))).not.toMatch(/NJJF|BKcw/);
    expect(withoutConfidential(`${begin}\nan other one`)).toBe(`${begin}\nan other one`);
  });

  test.each(["GET /x?page=1&cursor", "a\\u12", "50%", "of 20 &abcdefg"])("a stream may end in %s", (text) => {
    const stream = confidentialStream();
    expect(stream.push(text) + stream.end()).toBe(text);
    const cut = confidentialStream();
    expect(cut.push('?a=1&with "quotes') + cut.end()).toBe("?a=1&[the beginning of a confidential value]");
  });

  test("a byte that is no character, right before an escaped value", () => {
    expect(withoutConfidential(`%ff${percent}%C3`)).toBe("%ff${env:FORMS}%C3");
  });

  test("values that overlap leave nothing of one another", () => {
    keepConfidential([
      { value: "first-half-shared", shown: "${env:ONE}", secret: true },
      { value: "shared-other-half", shown: "${env:TWO}", secret: true },
    ]);
    expect(withoutConfidential("<first-half-shared-other-half>")).toMatch(/^<\$\{env:(ONE|TWO)\}>$/);
  });

  test.each(["", "u", "us", "user:", "a longer text before: "])("in base64 after %s", (before) => {
    for (const kind of ["base64", "base64url"] as const)
      for (const after of ["", ":", ", and more"]) {
        const clean = withoutConfidential(Buffer.from(`${before}p@ss-word${after}`).toString(kind));
        expect(clean).toContain("[password of DATABASE_URL]");
        expect(Buffer.from(clean.replace(/\[.*\]/, ""), "base64").toString("latin1")).not.toContain("ss-wo");
      }
  });

  test.each([
    ["with padding", (text: string) => text],
    ["without padding", (text: string) => text.replace(/=+$/, "")],
  ])("base64 of 20 to 60 bytes or digits leaves no digit and no =, %s", (_, padded) => {
    for (let length = 20; length <= 60; length++) {
      const secret = randomBytes(length).toString("hex").slice(0, length);
      const digits = randomBytes(length).toString("base64");
      keepConfidential([
        { value: secret, shown: "[S]", secret: true },
        { value: digits, shown: "[D]", secret: true },
      ]);
      for (const kind of ["base64", "base64url"] as const) {
        const encoded = padded(Buffer.from(secret).toString(kind));
        for (const mark of ["", ",", ".", ";", '"', ")", "%3B", "&amp;", "\n"]) {
          expect(withoutConfidential(`key: ${encoded}${mark} x`)).toBe(`key: [S]${mark} x`);
          expect(withoutConfidential(`key: ${padded(digits)}${mark} x`)).toBe(`key: [D]${mark} x`);
          const stream = confidentialStream();
          const text = `key: ${encoded}${mark} x`;
          expect(stream.push(text.slice(0, -4)) + stream.push(text.slice(-4)) + stream.end()).toBe(`key: [S]${mark} x`);
        }
      }
    }
  });

  test("in results an ordinary value stays, secrets and what is in doubt go, at any depth", () => {
    const at = new Date(0);
    const data = { at, list: [{ region: "eu-west-9", key: "k".repeat(40) }], long: "a value in doubt!" };
    expect(dataWithoutConfidential(data)).toEqual({
      at,
      list: [{ region: "eu-west-9", key: "${env:OPERATE_SECRET_KEY}" }],
      long: "${env:LONG}!",
    });
    const clean = { a: [1, { b: "c" }] };
    expect(dataWithoutConfidential(clean)).toBe(clean);
  });

  test("in a log line, in whichever field", () => {
    const lines: string[] = [];
    const write = process.stdout.write;
    const log = createLogger("test");
    const stream = (log as unknown as Record<symbol, { write(line: string): void }>)[
      Object.getOwnPropertySymbols(log).find((symbol) => String(symbol) === "Symbol(pino.stream)") ?? Symbol("none")
    ];
    if (!stream) throw new Error("the logger has no stream");
    stream.write = (line) => void lines.push(line);
    log.error({ err: new Error(`no answer for ${"k".repeat(40)}`), deep: { er: ["p@ss-word"] } }, "eu-west-9");
    expect(process.stdout.write).toBe(write);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("OPERATE_SECRET_KEY");
    expect(lines[0]).not.toMatch(/kkkkk|p@ss|eu-west-9/);
  });
});
