/**
 * What whoever asks shares: it is computed at most once in `everyMs` and never twice at a time, a failure too. What is
 * told is `everyMs` old at most, counted from when it was asked for.
 */
export function sharedAnswer<T>(
  everyMs: number,
  compute: () => Promise<T>,
  nowMs: () => number = () => performance.now(),
): () => Promise<T> {
  let kept: { answer: Promise<T>; atMs: number; underWay: boolean } | null = null;
  return () => {
    if (kept && (kept.underWay || nowMs() - kept.atMs < everyMs)) return kept.answer;
    const mine = { answer: compute(), atMs: nowMs(), underWay: true };
    kept = mine;
    const over = () => {
      mine.underWay = false;
    };
    mine.answer.then(over, over);
    return mine.answer;
  };
}
