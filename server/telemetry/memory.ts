/** What was answered last, by question: bounded by size, the longest unasked gives way. */

export interface Remembered {
  text: string;
  /** ISO 8601 */
  asOf: string;
}

export interface AnswerMemory {
  keep(question: string, answer: Remembered): void;
  recall(question: string): Remembered | null;
  readonly bytes: number;
}

const MAX_BYTES = 32 * 2 ** 20;
/** one answer may take an eighth at most, so that it cannot push all others out */
const LARGEST_SHARE = 1 / 8;

export function createAnswerMemory(maxBytes = MAX_BYTES): AnswerMemory {
  // a Map keeps the order of insertion: its first entry is the one that was used the longest ago
  const kept = new Map<string, Remembered & { bytes: number }>();
  let bytes = 0;
  const forget = (question: string): void => {
    bytes -= kept.get(question)?.bytes ?? 0;
    kept.delete(question);
  };
  return {
    keep(question, answer) {
      forget(question);
      const size = Buffer.byteLength(answer.text) + Buffer.byteLength(question);
      if (size > maxBytes * LARGEST_SHARE) return;
      kept.set(question, { ...answer, bytes: size });
      bytes += size;
      for (const oldest of kept.keys()) {
        if (bytes <= maxBytes) break;
        forget(oldest);
      }
    },
    recall(question) {
      const found = kept.get(question);
      if (!found) return null;
      kept.delete(question);
      kept.set(question, found);
      return found;
    },
    get bytes() {
      return bytes;
    },
  };
}
