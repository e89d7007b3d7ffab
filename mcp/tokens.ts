/** What one result may take of a model's context at most, by `tokensOf`. */
export const MAX_TOKENS = 8_000;

const BYTES_A_TOKEN = { words: 3.5, other: 2.5 };

/**
 * Tokens that a text takes, reckoned on the safe side: one for 3.5 letters of ASCII or blanks, one for 2.5 bytes of all
 * else. Tokenizers split numbers, ids, JSON's signs and other scripts more finely than words.
 */
export function tokensOf(text: string): number {
  let words = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const letter = code | 32;
    if ((letter >= 97 && letter <= 122 && code < 123) || code === 32) words++;
  }
  const other = Buffer.byteLength(text, "utf8") - words;
  return Math.ceil(words / BYTES_A_TOKEN.words + other / BYTES_A_TOKEN.other);
}
