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

/**
 * False until its code is there and it is this drawing's turn: a page of charts that all draw at once stands still for
 * their sum. `load` is the same function in each render.
 */
export function useTurn(load: () => Promise<unknown>): boolean {
  const [isMine, setMine] = useState(false);
  useEffect(() => {
    let wanted = true;
    const take = () => setMine(true);
    const queue = () => {
      if (!wanted) return;
      waiting.add(take);
      if (running) return;
      running = true;
      setTimeout(next);
    };
    load().then(queue, take); // what cannot be loaded is the drawing's to say
    return () => {
      wanted = false;
      waiting.delete(take);
    };
  }, [load]);
  return isMine;
}
