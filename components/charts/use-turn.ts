"use client";

import { useEffect, useRef, useState } from "react";

const waiting = new Set<() => void>();
let drawing = false;

/** Between two drawings there is a frame, in which the page can answer a click. */
const soon = () => requestAnimationFrame(() => setTimeout(next));

function next(): void {
  const [first] = waiting;
  drawing = first !== undefined;
  if (!first) return;
  waiting.delete(first);
  first();
}

/**
 * False until its code is there and it is this drawing's turn: a page of charts that all draw at once stands still for
 * their sum. The next one's turn comes when this one stands. `load` is the same function in each render.
 */
export function useTurn(load: () => Promise<unknown>): boolean {
  const [isMine, setMine] = useState(false);
  const stands = useRef(false);
  useEffect(() => {
    let wanted = true;
    let taken = false;
    const take = () => {
      taken = true;
      setMine(true);
    };
    const queue = () => {
      if (!wanted) return;
      waiting.add(take);
      if (drawing) return;
      drawing = true;
      setTimeout(next);
    };
    load().then(queue, take); // what cannot be loaded is the drawing's to say
    return () => {
      wanted = false;
      waiting.delete(take);
      if (taken && !stands.current) soon(); // left before it was drawn: the others still wait
    };
  }, [load]);
  useEffect(() => {
    if (!isMine || stands.current) return;
    stands.current = true;
    soon();
  }, [isMine]);
  return isMine;
}
