/**
 * An answer that changes seldom, asked for again after a while. Callers at the same time wait for one answer; a failure
 * is not kept.
 */
export function createKept<T>(ask: () => Promise<T>, keepMs: number, now: () => Date): () => Promise<T> {
  let kept: { answer: Promise<T>; atMs: number } | null = null;
  return () => {
    const nowMs = now().getTime();
    if (kept && Math.abs(nowMs - kept.atMs) <= keepMs) return kept.answer;
    const asked = { answer: ask(), atMs: nowMs };
    kept = asked;
    asked.answer.catch(() => {
      if (kept === asked) kept = null;
    });
    return asked.answer;
  };
}
