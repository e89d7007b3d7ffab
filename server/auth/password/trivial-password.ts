import { AppError } from "../../agent/kernel/errors.ts";
import { COMMON_WORDS } from "./common-words.ts";
import { isKeyboardWalk } from "./keyboard-walk.ts";

/** NIST SP 800-63B section 3.1.1.2: no common, repeated or sequential passwords, and none made of the account's own words. */

const LOOK_ALIKES: Readonly<Record<string, string>> = {
  ...{ "@": "a", "4": "a", "8": "b", "(": "c", "3": "e", "€": "e", "6": "g", "9": "g", "!": "i", "1": "i", "0": "o" },
  ...{ $: "s", "5": "s", "7": "t", "+": "t", "2": "z" },
};
/** read otherwise, as in `c0nso1e` */
const OTHER_LOOK_ALIKES: Readonly<Record<string, string>> = { ...LOOK_ALIKES, "1": "l", "!": "l", "7": "l" };
const ROWS = ["1q2w3e4r5t6z7u8i9o0p", "1q2w3e4r5t6y7u8i9o0p"];
const FEWEST_DIFFERENT = 5;
const LEAST_WORD = 3;

/** fewer letters than this beside what is common leave too little to guess; a digit is half a letter */
const FEWEST_OWN = 5;
const GUESSED_FIRST = /(?:19|20)\d\d|(.)\1+|012|123|234|345|456|567|678|789|890|987|876|765|654|543|432|321|210/gu;
const DIGITS_ROUND_A_WORD =
  /^[^\p{L}\p{N}]*(?:\p{N}{1,8}[^\p{L}\p{N}]*)?\p{L}\p{Ll}*[^\p{L}\p{N}]*(?:\p{N}{1,8}[^\p{L}\p{N}]*)?$/u;

/** How many letters' worth of a password are neither a common word, however spelt, nor a year, a run or a repetition. */
function ownLetters(lower: string): number {
  const text = [...lower.replace(/[\s\-_.,;:/]+/gu, "")];
  const guessed = new Array<boolean>(text.length).fill(false);
  const spelt = (table: Readonly<Record<string, string>>) => text.map((character) => table[character] ?? character);
  for (const read of [text, spelt(LOOK_ALIKES), spelt(OTHER_LOOK_ALIKES)])
    for (const isReversed of [false, true]) mark(isReversed ? read.toReversed() : read, guessed, isReversed);
  const plain = text.join("");
  if (plain.length === text.length)
    for (const { index, 0: found } of plain.matchAll(GUESSED_FIRST)) guessed.fill(true, index, index + found.length);
  return text.reduce((sum, character, i) => {
    if (guessed[i]) return sum;
    return sum + (/\p{L}/u.test(character) ? 1 : /\p{N}/u.test(character) ? 0.5 : 0);
  }, 0);
}

/** Marks each place of each common word. */
function mark(read: readonly string[], guessed: boolean[], isReversed: boolean): void {
  const joined = read.join("");
  if (joined.length !== read.length) return; // characters beyond the basic plane: no word of ours has them
  for (const word of COMMON_WORDS)
    for (let at = joined.indexOf(word); at >= 0; at = joined.indexOf(word, at + 1)) {
      const from = isReversed ? read.length - at - word.length : at;
      guessed.fill(true, from, from + word.length);
    }
}

const isCommon = (lower: string): boolean => ownLetters(lower) < FEWEST_OWN;

/** A word, in one case or with a capital, and at most eight digits before or after it. */
const isWordWithDigits = (password: string): boolean =>
  DIGITS_ROUND_A_WORD.test(password === password.toUpperCase() ? password.toLowerCase() : password);

/** The same words twice or more, whatever stands between them. */
function isSaidAgain(lower: string): boolean {
  const letters = lower.replace(/[^\p{L}]/gu, "");
  return /^(.{3,})\1+$/su.test(letters) || /^(.{5,})\1+.{0,3}$/su.test(letters);
}

/** One or few characters, or a short piece, again and again. */
const isRepeated = (lower: string): boolean =>
  new Set(lower).size < FEWEST_DIFFERENT ||
  /^(.{1,6}?)\1{2,}.{0,5}$/su.test(lower) ||
  /^.{0,3}(.{5,})\1+.{0,5}$/su.test(lower);

/** Most characters are the next, the previous or the same as the one before, or neighbours on the keyboard. */
function isSequence(lower: string): boolean {
  const codes = [...lower].map((character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).filter((code, i) => Math.abs(code - (codes[i] ?? 0)) <= 1).length;
  if (steps >= 0.7 * (codes.length - 1) || isKeyboardWalk(lower)) return true;
  const reversed = [...lower].reverse().join("");
  return ROWS.some((row) => row.includes(lower.slice(0, 10)) || row.includes(reversed.slice(0, 10)));
}

/** Two sequences, or a sequence and a common word, whose characters alternate: `a1b2c3d4e5f6`, `p1a2s3s4w5o6r7d8`. */
function isInterleaved(lower: string): boolean {
  const characters = [...lower];
  const halves = [0, 1].map((first) => characters.filter((_, i) => i % 2 === first).join(""));
  const isGuessed = (half: string) => isSequence(half) || (/^\p{L}+$/u.test(half) && isCommon(half));
  return halves.some(isSequence) && halves.every(isGuessed);
}

interface Owner {
  email: string;
  name: string;
}

const wordsOf = ({ email, name }: Owner): string[] => {
  const [local = "", domain = ""] = email.toLowerCase().split("@");
  return [local, domain, ...local.split(/[^\p{L}\p{N}]+/u), ...name.toLowerCase().split(/[^\p{L}\p{N}]+/u)].filter(
    (word) => word.length >= LEAST_WORD,
  );
};

/** Why a password is easy to guess for whoever knows its owner, as a sentence; null when it is not. */
export function whyTrivial(password: string, owner: Owner): string | null {
  const lower = password.normalize("NFKC").toLowerCase().trim();
  if (isRepeated(lower) || isSaidAgain(lower))
    return "It repeats the same few characters or words. Choose a few words that do not belong together.";
  if (isSequence(lower) || isInterleaved(lower))
    return "It is a sequence of neighbouring characters. Choose a few words that do not belong together.";
  if (isCommon(lower))
    return "It is made of the words, years and digits that are tried first. Choose a few words that do not belong together.";
  if (isWordWithDigits(password.normalize("NFKC").trim()))
    return "It is one word with digits. Choose a few words that do not belong together.";
  if (wordsOf(owner).some((word) => lower.includes(word)))
    return "It contains the name or the e-mail address of the account. Leave them out.";
  return null;
}

/** @throws INVALID for a password that is easy to guess. */
export function refuseTrivialPassword(password: string, owner: Owner): void {
  const why = whyTrivial(password, owner);
  if (why)
    throw new AppError("INVALID", `This password is too easy to guess. ${why}`, { details: { field: "password" } });
}
