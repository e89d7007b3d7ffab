import { expect, test } from "vitest";
import { confidentialStream, withoutConfidential } from "../agent/kernel/confidential/confidential.ts";
import { createLineJoiner, flushLines, joinLines } from "../agent/logs/lines/join-lines.ts";
import { parseLine } from "../agent/logs/lines/parse-line.ts";
import { RejectionTally } from "../agent/telemetry/rejections.ts";
import { visibleText } from "../agent/text/visible-line.ts";
import { escapeHiding, withoutAnsi } from "../agent/text/visible-text.ts";
import { scrubText, storable } from "../audit/redact.ts";
import { storableName, storableText } from "../integrations/http/body/text.ts";
import { forwardedPaths } from "../integrations/local/balancer/forwarded.ts";
import { tellingLine } from "../integrations/local/instance/exit-reason.ts";
import { isErrorLine } from "../integrations/local/logs/error-lines.ts";
import { parseLabels } from "../integrations/loki/label-text.ts";
import { labelName } from "../integrations/otlp/prometheus-names.ts";
import { parseExposition } from "../integrations/prometheus/exposition.ts";
import { withoutOwnStacks } from "../routers/own-stacks.ts";
import { cpuMsOf } from "./cpu-time.ts";

/** What reads or rewrites texts that outsiders write: its time grows with their length, and no faster. */
const READERS: Record<string, (text: string) => unknown> = {
  withoutConfidential,
  stream: (text) => confidentialStream().push(text),
  scrubText,
  storable: (text) => storable({ title: text, [text]: [text] }),
  rejected: (text) => new RejectionTally().add(text, () => text),
  visibleText: (text) => visibleText(text, 200),
  escapeHiding,
  withoutAnsi,
  parseLine: (text) => parseLine(text, { receivedMs: 0 }),
  joinLines(text) {
    const joiner = createLineJoiner();
    joinLines(
      joiner,
      text.split("\n").map((line) => ({ text: line, atMs: 0 })),
    );
    flushLines(joiner, Number.POSITIVE_INFINITY);
  },
  storableText: (text) => storableName(storableText(text, 32_768), 32_768),
  isErrorLine: (text) => isErrorLine(text, "err"),
  tellingLine: (text) => tellingLine(text.split("\n")),
  forwardedPaths,
  parseLabels: (text) => [parseLabels(`{${text}}`), parseLabels(`{a="${text}"}`)],
  labelName,
  parseExposition: (text) =>
    parseExposition(Buffer.from(`a ${text}\na{b="${text}"} 1\n# HELP a ${text}\n${text}`), {
      ...{ contentType: undefined, targetLabels: {}, scrapedAtMs: 0 },
    }),
  withoutOwnStacks: (text) => withoutOwnStacks({ service: "operate", body: text }),
};

/** heads of lines and of what else is read, so that the units behind them are read by every rule */
const BEGINNINGS = [
  ...'{|"|[|\u001b]|opk_|basic |${env:|a="|token=|com.|thread \'a|goroutine 1 [|    at /a/b|file:///'.split("|"),
  "2026-11-25T10:00:00Z ",
  '2026-11-25T10:00:00Z stdout F {"a":"',
  '1.1.1.1 - - [25/Nov/2026:10:00:00 +0000] "GET ',
  "[Sun Dec 04 04:47:44.123456 2005] [core:error] [pid 35:tid 12] [client ",
  "2026/11/25 10:00:00 [error] 123#7: *9 ",
  "I1125 10:00:00.000000 1 ",
  "Nov 25 10:00:00 ",
  '<165>1 2026-11-25T10:00:00.003Z host app 12 ID47 [x@1 a="',
  "1:M 25 Nov 2026 10:00:00.000 * ",
  "I, [2026-11-25T10:00:00.000000 #1]  INFO -- ",
  "ERROR:",
  "info: ",
  "[2026-11-25 10:00:00,123] INFO [a] user@host ",
  "Traceback (most recent call last)\n",
  "\n    at a (",
  "\\n at ",
];
const UNITS = [
  ...' |\n|\t\n|1|a|A1|a.|a:|a=|a="|"|\\|\\"|\\u00|[|{"a":|(|<|-|. |,|;|/|%c3|%|&amp;|\u001b[|\u001b]|::|a b|a-|a@b.|?a=|://|a://|opk_|b3BrX|${|${env:a|- |a: |*a |&a |\'|\n at |\n  at (|\u200b|e\u0301'.split(
    "|",
  ),
];
const FEW_UNITS = [" ", "\n", "1", "a", "a.", "a=", '"', "a b", "[", "/"];
const CHARACTERS = 32_000;
const MOST_MS = 400;

test.each(Object.entries(READERS))("%s reads a hostile text of 32 KB at once", (_, read) => {
  const texts = [
    ...UNITS.map((unit) => ["", unit] as const),
    ...BEGINNINGS.flatMap((beginning) => FEW_UNITS.map((unit) => [beginning, unit] as const)),
  ];
  for (const [beginning, unit] of texts) {
    const text = `${beginning}${unit.repeat(CHARACTERS / unit.length)}!`;
    const took = () => cpuMsOf(() => void read(text));
    // a pause for the collector of garbage is no fault of the reader
    if (took() > MOST_MS) expect(Math.min(took(), took()), JSON.stringify([beginning, unit])).toBeLessThan(MOST_MS);
  }
});
