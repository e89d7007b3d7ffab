const PAIR = /\s*([a-zA-Z_][a-zA-Z0-9_.]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)\s*(,|$)/sy;
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/gs;
const LETTERS: Record<string, string> = { n: "\n", r: "\r", t: "\t", a: "\x07", b: "\b", f: "\f", v: "\v" };
/** Loki takes 15 by default */
const MOST_LABELS = 128;

/**
 * The labels of a stream as PushRequest has them: `{name="value", …}`, values quoted as in Go. A text says why they
 * cannot be read.
 */
export function parseLabels(text: string): [string, string][] | string {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") || !trimmed.endsWith("}")) return "they must stand in braces";
  const inner = trimmed.slice(1, -1).trim();
  const labels: [string, string][] = [];
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < inner.length) {
    const from = PAIR.lastIndex;
    const pair = PAIR.exec(inner);
    if (pair?.[1] === undefined) return `name="value" is expected at column ${from + 2}`;
    if (labels.length >= MOST_LABELS) return `they are more than ${MOST_LABELS}`;
    labels.push([pair[1], pair[2] === undefined ? (pair[3] ?? "") : unquoted(pair[2])]);
  }
  return labels;
}

const unquoted = (quoted: string): string =>
  quoted.includes("\\")
    ? quoted.replace(ESCAPE, (_, hexByte, unit, point, octalByte, letter) => {
        if (letter !== undefined) return LETTERS[letter] ?? letter;
        const code =
          octalByte === undefined ? Number.parseInt(hexByte ?? unit ?? point, 16) : Number.parseInt(octalByte, 8);
        // Go writes a byte as such where it is no UTF-8
        const isCharacter = unit !== undefined || point !== undefined ? code <= 0x10ffff : code < 0x80;
        return isCharacter ? String.fromCodePoint(code) : "\ufffd";
      })
    : quoted;
