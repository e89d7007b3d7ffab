"use client";

import { useEffect, useState } from "react";

const waiting = new Set<() => void>();
let running = false;

/** One in a frame: between two the page can answer a click. */
function next(): void {
  const [first] = waiting;
  running = first !== undefined;
  if (!first) return;
  waiting.delete(first);
  first();
  requestAnimationFrame(() => setTimeout(next));
}

/** False until it is this drawing's turn: a page of charts that all draw at once stands still for their sum. */
export function useTurn(): boolean {
  const [isMine, setMine] = useState(false);
  useEffect(() => {
    const take = () => setMine(true);
    waiting.add(take);
    if (!running) {
      running = true;
      setTimeout(next);
    }
    return () => void waiting.delete(take);
  }, []);
  return isMine;
}
