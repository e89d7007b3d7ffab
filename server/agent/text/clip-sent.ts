/**
 * What is echoed to whoever sent it, or shown to whom it was sent, in at most `max` characters: where it is cut must not
 * tell that a guess of a secret is right, nor does a browser know any. Never half a surrogate pair.
 */
export const clipSent = (text: string, max: number): string => (text.length <= max ? text : cutAt(text, max - 1));

/** A text up to a place, with an ellipsis that says that there was more. */
export function cutAt(text: string, place: number): string {
  const end = /[\uD800-\uDBFF]/.test(text[place - 1] ?? "") ? place - 1 : place;
  return `${text.slice(0, Math.max(0, end))}…`;
}
