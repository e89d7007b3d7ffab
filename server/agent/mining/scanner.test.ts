import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { templateMatches } from "#server/testing/template-matches.ts";
import { createScannedLine, MOST_TOKENS, scan } from "./scanner.ts";
import { gapsOf, render } from "./template.ts";
import { VARIABLE, Vocabulary } from "./vocabulary.ts";

const line = createScannedLine();

/** The tokens of a text with `*` for variables. */
function tokens(text: string): string {
  scan(line, text);
  return Array.from({ length: line.count }, (_, i) =>
    line.hashes[i] === 0 ? "*" : line.text.slice(line.starts[i], line.ends[i]),
  ).join(" ");
}

function templateOf(text: string): string {
  scan(line, text);
  const vocabulary = new Vocabulary();
  const words = Array.from({ length: line.count }, (_, i) =>
    line.hashes[i] === 0 ? VARIABLE : vocabulary.take(line, line.starts[i]!, line.ends[i]!, line.hashes[i]!),
  );
  return render(words, gapsOf(line));
}

const MASKS: [string, string, string][] = [
  ["integers, signed, with thousands and decimals", "took 12 -3 +4 1,234,567 0.25 1e9", "took * * * * * *"],
  ["a unit after the number", "freed 18.4 KB in 5 seconds at 10 MB/s", "freed * in * at *"],
  ["no unit where a word goes on", "5 services, 3 minions", "* services * minions"],
  ["a percentage", "disk 93% full, 93 % full", "disk * full * full"],
  ["hexadecimal numbers", "at 0x1f2e deadbeef cafe", "at * * cafe"],
  ["UUIDs", "instance 9f1c2d3e-4b5a-4c6d-8e7f-0a1b2c3d4e5f gone", "instance * gone"],
  ["IPv4 with port and mask", "from 10.0.0.7:50010 to 10.0.0.0/8", "from * to *"],
  ["IPv6 and MAC addresses", "fe80::1ff:fe23:4567 and aa:bb:cc:dd:ee:ff", "* and *"],
  ["a host with its port", "db.internal:5432 node-7:80 localhost:8080 cache:6379", "* * * cache *"],
  ["a hash after its kind", "SHA256:8aBc SHA256:aBc8 node-7:80.", "* * * * *"],
  ["a source file with its line", "in Main.java:42", "in *"],
  ["a host or nothing in parentheses", "client 10.0.0.7 (web.example.org) and 10.0.0.8 ()", "client * * and * *"],
  ["a call's parentheses are punctuation", "main() returned", "main returned"],
  ["paths", "/var/log/x.log: no such file ~/a ../b C:\\temp\\x", "* no such file * * *"],
  ["a slash that is no path", "read / write and/or", "read / write and/or"],
  ["URLs", "GET https://example.org/a?b=c,d#e (again)", "GET * again"],
  ["e-mail addresses and object identities", "mail to ann@example.org from Foo@1a2b", "mail to * from *"],
  ["dates with time", "2015-10-18 18:01:47,978 2015-10-18T18:01:47Z 15/10/18 18:01:47", "* * *"],
  ["dates with names", "at Mon Jun 12 12:34:56 2005 and Sat, 12 Jun 2005 12:34:56 GMT", "at * and *"],
  ["what is left of a date", "Jun  9 06:06:20 combo", "* combo"],
  ["months that are words", "May fail; March on; Sun set", "May fail March on Sun set"],
  ["a number after a date", "since Jun 9 7 errors", "since * * errors"],
  ["words with digits", "blk_38 user-7 h2o", "* * *"],
  ["a list of the same kind", "delete blk_1 blk_-2, blk_3 from node7", "delete * from *"],
  ["full stops of a sentence", "Done. Loading... really?", "Done Loading really"],
  ["a template's own mark", "send <*> to <*>:<*>", "send * to * *"],
  ["JSON", '{"level":"info","took":12,"ok":true}', "level info took * ok true"],
  ["long words", `key ${"x".repeat(64)} ${"x".repeat(65)}`, `key ${"x".repeat(64)} *`],
];

describe("the scanner", () => {
  it.each(MASKS)("reads %s", (_, text, expected) => {
    expect(tokens(text)).toBe(expected);
  });

  it.each([
    ["colour codes", "\u001b[1;31mERROR\u001b[0m disk full", "ERROR disk full"],
    ["NUL and other control characters", "a\u0000b\u0007c", "a b c"],
    ["half a surrogate pair", "a\ud83db", "a b"],
    ["emoji and other scripts", "🚀 launched für 北京", "🚀 launched für 北京"],
    ["nothing at all", "", "*"],
    ["punctuation only", "=== (:) ;;; ...", "*"],
    [
      "the first line of an exception",
      "java.io.IOException: broken pipe seen\n\tat a.B.c(B.java:1)",
      "java.io.IOException broken pipe seen",
    ],
    ["several lines until they say something", '{\n  "level": "warn",\n  "msg": "late"\n}', "level warn msg late"],
    [
      "the last line of a Python traceback",
      'Traceback (most recent call last):\n  File "a.py", line 1\nKeyError: gone\n',
      "KeyError gone",
    ],
  ])("reads %s", (_, text, expected) => {
    expect(tokens(text)).toBe(expected);
  });

  it("reads no more of a long line than it may, and says so with one variable", () => {
    expect(tokens("w ".repeat(10_000))).toBe(`${"w ".repeat(MOST_TOKENS - 1)}*`);
    expect(tokens(`start ${"é".repeat(60)} `.repeat(30)).split(" ").length).toBeLessThan(30);
    expect(tokens(`head ${"x".repeat(1_000_000)}`)).toBe("head *");
    expect(tokens(`head ${" ".repeat(1_000_000)}`)).toBe("head *");
  });

  it("keeps the spacing in a template, on one line and short", () => {
    expect(templateOf("  open(path='/x',\t\tmode=\"rw\")   = 12  ")).toBe("open(path='<*>', mode=\"rw\") = <*>");
    expect(templateOf("\u001b[31mfailed\u001b[0m: 3")).toBe("failed : <*>");
    expect(templateOf("a {{{{{{{{{{{{ b")).toBe("a {{{{{{{b");
  });

  it("reads a template as the words it was made of", () => {
    const pieces = fc.oneof(
      fc.constantFrom(
        ..."= , : ; ( ) [ ] < > * <*> ( () { } ' \" | . ... - / // ~ \\ @ # % + \n \t \u0000 \u001b[31m 😀 \ud83d".split(
          " ",
        ),
      ),
      fc.constantFrom(
        "Jun",
        "May",
        "12",
        "MB",
        "12:30",
        "2015-10-18",
        "ab:cd",
        "a.b",
        "fe80",
        "C",
        "x@y",
        "blk_1",
        "word",
        "Sat",
        "GMT",
        " ",
        "  ",
      ),
      fc.string({ unit: "binary", maxLength: 8 }),
    );
    const texts = fc.array(pieces, { maxLength: 30 }).map((list) => list.join(""));
    fc.assert(
      fc.property(texts, (text) => {
        const template = templateOf(text);
        const words = tokens(text);
        expect(tokens(template)).toBe(words);
        expect(templateOf(template)).toBe(template);
        expect(templateMatches(template, text)).toBe(true);
        expect(template.isWellFormed()).toBe(true);
        expect(Buffer.byteLength(template)).toBeLessThan(2_704);
        expect([...template].every((character) => character >= " ")).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it("keeps a template within what a B-tree takes as a key, whatever the script", () => {
    for (const word of ["é", "北京", "🚀", "a", "a,(", "é={"])
      expect(Buffer.byteLength(templateOf(`${word} `.repeat(5_000)))).toBeLessThan(2_704);
  });
});

describe("templateMatches", () => {
  it.each([
    ["user <*> logged in", "user 17 logged in", true],
    ["user <*> logged in", "user ann logged in", true],
    ["user <*> logged in", "user ann logged out", false],
    ["user <*> logged in", "user ann logged in twice", false],
    ["user <*> logged in", "user   7   logged in.", true],
  ])("%s, %s: %s", (template, body, expected) => {
    expect(templateMatches(template, body)).toBe(expected);
  });
});
