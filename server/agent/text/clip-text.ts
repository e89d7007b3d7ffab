import { placeToCut } from "../kernel/confidential/confidential.ts";
import { cutAt } from "./clip-sent.ts";

/**
 * A text of at most `max` characters; an ellipsis says that there was more. Never half a surrogate pair, nor half a
 * confidential value.
 */
export const clipText = (text: string, max: number): string =>
  text.length <= max ? text : cutAt(text, placeToCut(text, max - 1));
