import { clipSent } from "#server/agent/text/clip-sent.ts";
import { asVisibleLine, withoutAnsi } from "#server/agent/text/visible-text.ts";

const LONGEST = 600;

/** A text from outside as one line of words: whatever cannot be seen in it is written out, and it is not endless. */
export const plainText = (text: string, longest = LONGEST): string =>
  asVisibleLine(clipSent(withoutAnsi(text), longest));
