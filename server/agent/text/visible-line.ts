import { clipText } from "./clip-text.ts";
import { asVisibleLine, withoutAnsi } from "./visible-text.ts";

/** A text as one line of words: what cannot be seen in it is written out, and of more than `longest` characters the rest is left out. */
export const visibleText = (text: string, longest: number): string =>
  asVisibleLine(clipText(withoutAnsi(text), longest));
