import { AppError } from "../agent/kernel/errors.ts";

/** NIST SP 800-63B section 3.1.1.2: no common, repeated or sequential passwords, and none made of the account's own words. */

const COMMON = new Set(
  "password passwort passw admin administrator root user login welcome letmein changeme changeit secret default test testing qwerty qwertz azerty qwertyuiop asdfghjkl iloveyou monkey dragon sunshine princess football baseball superman trustno operate operator operateadmin correcthorsebatterystaple mypassword newpassword adminpassword passwordadmin thisisapassword onetimepassword letmeinplease".split(
    " ",
  ),
);
const LOOK_ALIKES: Readonly<Record<string, string>> = {
  "@": "a",
  "4": "a",
  "0": "o",
  "1": "i",
  "3": "e",
  $: "s",
  "5": "s",
  "7": "t",
  "!": "i",
};
const ROWS = [
  "qwertyuiopasdfghjklzxcvbnm",
  "qwertzuiopasdfghjklyxcvbnm",
  "1q2w3e4r5t6z7u8i9o0p",
  "1q2w3e4r5t6y7u8i9o0p",
  "1qaz2wsx3edc4rfv5tgb6yhn",
];
const FEWEST_DIFFERENT = 5;
const LEAST_WORD = 3;

const lettersOf = (text: string): string => text.replace(/[^\p{L}]/gu, "");

function isCommon(lower: string): boolean {
  const spelled = (text: string) => [...text].map((character) => LOOK_ALIKES[character] ?? character).join("");
  const stem = lower.replace(/[\d\W_]+$/u, "");
  return [lower, spelled(lower), stem, spelled(stem)].some((text) => {
    const letters = lettersOf(text);
    const half = letters.slice(0, letters.length / 2);
    return COMMON.has(letters) || (COMMON.has(half) && half + half === letters);
  });
}

/** One or few characters, or a short piece, again and again. */
const isRepeated = (lower: string): boolean =>
  new Set(lower).size < FEWEST_DIFFERENT || /^(.{1,6}?)\1{2,}.{0,5}$/su.test(lower) || /^(.{6,})\1$/su.test(lower);

/** Most characters are the next, the previous or the same as the one before, or a row of the keyboard. */
function isSequence(lower: string): boolean {
  const codes = [...lower].map((character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).filter((code, i) => Math.abs(code - (codes[i] ?? 0)) <= 1).length;
  if (steps >= 0.7 * (codes.length - 1)) return true;
  const reversed = [...lower].reverse().join("");
  return ROWS.some((row) => row.includes(lower.slice(0, 10)) || row.includes(reversed.slice(0, 10)));
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
  if (isRepeated(lower)) return "It repeats the same few characters. Choose a few words that do not belong together.";
  if (isSequence(lower))
    return "It is a sequence of neighbouring characters. Choose a few words that do not belong together.";
  if (isCommon(lower)) return "It is one of the most used passwords. Choose a few words that do not belong together.";
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
