/**
 * How well an item answers what was typed, 0 (hide) to 1: every typed word has to begin a word of the item or stand
 * inside one. A beginning beats a middle, an early word a late one; no guessing across letters, which would put an
 * action before the page somebody named.
 */
export function score(value: string, typed: string): number {
  const words = value.toLowerCase().split(/[\s/]+/);
  const wanted = typed.toLowerCase().split(/\s+/).filter(Boolean);
  let sum = 0;
  for (const want of wanted) {
    const begins = words.findIndex((word) => word.startsWith(want));
    const inside = words.findIndex((word) => word.includes(want));
    if (inside < 0) return 0;
    const place = begins >= 0 ? begins : inside;
    const exact = words[place] === want ? 0.1 : 0;
    sum += (begins >= 0 ? 0.8 : 0.4) + exact - Math.min(place, 9) * 0.03;
  }
  return wanted.length === 0 ? 1 : sum / wanted.length;
}
