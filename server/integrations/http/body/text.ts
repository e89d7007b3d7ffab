import { clipText } from "../../../agent/text/clip-text.ts";
import { escapeHiding } from "../../../agent/text/visible-text.ts";

/** Names of attributes and labels; those of metrics, too. */
export const MOST_NAME = 255;
/** What is said of a metric. */
export const MOST_HELP = 500;

/**
 * Text that PostgreSQL takes: NUL and lone surrogates become U+FFFD. What is longer than `maxLength` UTF-16 units is
 * cut, and ends in an ellipsis.
 */
export function storableText(text: string, maxLength: number): string {
  let kept = clipText(text, maxLength);
  if (kept.includes("\0")) kept = kept.replaceAll("\0", "\ufffd");
  return kept.isWellFormed() ? kept : kept.toWellFormed();
}

/**
 * The same for a name: of a service, a version, a span, an attribute, and for a label. What is not drawn or reorders
 * what stands around it is written as `\u{202E}`, so that two names that look equal are equal, on every page and in
 * every tool.
 */
export const storableName = (text: string, maxLength: number): string =>
  storableText(escapeHiding(storableText(text, maxLength)), maxLength);
