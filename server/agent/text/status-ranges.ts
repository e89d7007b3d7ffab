/** Status codes of HTTP as people say them, for messages: a list may hold every one there is. */

const LONGEST = 80;
/** room for ` and 500 more` */
const ROOM_FOR_REST = 13;

interface Range {
  from: number;
  to: number;
}

function rangesOf(statuses: readonly number[]): Range[] {
  const ranges: Range[] = [];
  for (const status of [...new Set(statuses)].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.to === status - 1) last.to = status;
    else ranges.push({ from: status, to: status });
  }
  return ranges;
}

/** No final answer is below 200. */
function words({ from, to }: Range): string {
  if (from <= 200 && to === 499) return "below 500";
  if (from === to) return String(from);
  return to === from + 1 ? `${from}, ${to}` : `${from} to ${to}`;
}

/** `200 to 204, 301` or `below 500`: sorted, runs as ranges, at most 80 characters, and how many codes are left out. */
export function statusRanges(statuses: readonly number[]): string {
  const ranges = rangesOf(statuses);
  const whole = ranges.map(words).join(", ");
  if (whole.length <= LONGEST) return whole;
  const shown: string[] = [];
  let left = ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  for (const range of ranges) {
    if ([...shown, words(range)].join(", ").length > LONGEST - ROOM_FOR_REST) break;
    shown.push(words(range));
    left -= range.to - range.from + 1;
  }
  return `${shown.join(", ")} and ${left} more`;
}
