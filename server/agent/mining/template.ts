import { codeAt, kindAt, SPACE } from "./characters.ts";
import { createScannedLine, escapeEnd, type ScannedLine, scan } from "./scanner.ts";
import { VARIABLE, type Word } from "./vocabulary.ts";

const LONGEST_GAP = 8;
const ESCAPE = 27;

const scratch = createScannedLine();

/** What stood before, between and after the tokens of a line, shortened: one more than there are tokens. */
export function gapsOf(line: ScannedLine): string[] {
  const gaps: string[] = [];
  let from = 0;
  for (let i = 0; i < line.count; i++) {
    gaps.push(gapText(line, from, line.starts[i] ?? from));
    from = line.ends[i] ?? from;
  }
  gaps.push(line.cut ? "" : gapText(line, from, line.stop).trimEnd());
  gaps[0] = gaps[0]?.trimStart() ?? "";
  return gaps;
}

/** Any run of space and control characters is one space. */
function gapText(line: ScannedLine, from: number, to: number): string {
  let gap = "";
  for (let at = from; at < to && gap.length < LONGEST_GAP; ) {
    const space = kindAt(line, at) === SPACE;
    if (!space) gap += line.text[at];
    else if (!gap.endsWith(" ")) gap += " ";
    at = codeAt(line, at) === ESCAPE ? escapeEnd(line, at) : at + 1;
  }
  return gap;
}

/**
 * The words in the spacing of the line they came from. Read again, a template gives the words it was made of; where
 * shortened punctuation would break that, single spaces stand between the words.
 */
export function render(words: readonly Word[], gaps: readonly string[]): string {
  let text = gaps[0] ?? "";
  for (const [i, word] of words.entries()) text += word.text + (gaps[i + 1] ?? "");
  scan(scratch, text);
  return readsAs(scratch, words) ? text : words.map((word) => word.text).join(" ");
}

function readsAs(line: ScannedLine, words: readonly Word[]): boolean {
  if (line.count !== words.length) return false;
  return words.every((word, i) =>
    word === VARIABLE
      ? line.hashes[i] === 0
      : line.hashes[i] === word.hash && line.text.slice(line.starts[i], line.ends[i]) === word.text,
  );
}
