/** Passwords that a finger walks over the keyboard: along rows, up and down columns, over the keys for digits. */

/** what a key gives with shift on a US keyboard, and without */
const SHIFTED: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from("!1@2#3$4%5^6&7*8(9)0_-+={[}]:;<,>.?/\"'|\\".matchAll(/(.)(.)/gsu), ([, shifted = "", plain = ""]) => [
    shifted,
    plain,
  ]),
);

/** rows from top to bottom; a space is no key. Keys are neighbours in a row, in a column and across */
const LAYOUTS: readonly (readonly string[])[] = [
  ["1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"],
  ["1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm,.-"],
  ["1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn,;:"],
  ["789", "456", "123", "0 ."],
  ["123", "456", "789", " 0 "],
];

type Place = readonly [row: number, column: number];
const placesOf = (rows: readonly string[]): ReadonlyMap<string, Place> =>
  new Map(rows.flatMap((keys, row) => [...keys].map((key, column) => [key, [row, column] as const] as const)));
const PLACES = LAYOUTS.map(placesOf);

/** The share of steps from one key to the same or a neighbouring one, on the layout where it is largest. */
function shareOfNeighbours(keys: readonly string[]): number {
  const shares = PLACES.map((places) => {
    const steps = keys.slice(1).filter((key, i) => {
      const [from, to] = [places.get(keys[i] ?? ""), places.get(key)];
      return (
        from !== undefined && to !== undefined && Math.max(...from.map((at, n) => Math.abs(at - (to[n] ?? 0)))) <= 1
      );
    });
    return steps.length / (keys.length - 1);
  });
  return Math.max(...shares);
}

const SHARE_OF_A_WALK = 0.7;

/** Whether most steps of a text in lower case go to a neighbouring key, whichever of them are typed with shift. */
export function isKeyboardWalk(lower: string): boolean {
  const keys = [...lower].map((character) => SHIFTED[character] ?? character);
  return keys.length > 1 && shareOfNeighbours(keys) >= SHARE_OF_A_WALK;
}
