/** A text of at most `max` characters; an ellipsis says that there was more. Never half a surrogate pair. */
export function clipText(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = /[\uD800-\uDBFF]/.test(text[max - 2] ?? "") ? max - 2 : max - 1;
  return `${text.slice(0, Math.max(0, end))}…`;
}
