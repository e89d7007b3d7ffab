import { signOf, UNSEEN, withoutAnsi } from "#server/agent/text/visible-text.ts";

/** A text with a sign for each character that cannot be seen, for places that take no element (`option`, attributes). */
export const withSigns = (text: string): string => withoutAnsi(text).replace(UNSEEN, signOf);

/**
 * Text that somebody else wrote (a title, a name, a reason, a message): isolated in its direction, with a sign for each
 * character that cannot be seen, so that it cannot reorder or hide what stands around it. Line ends stay.
 */
export const VisibleText = ({ text }: { text: string | null | undefined }) =>
  text === null || text === undefined ? null : <bdi>{withSigns(text)}</bdi>;
