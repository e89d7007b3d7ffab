"use client";

import { type PointerEvent, useRef, useState } from "react";
import { fractionAt, type Span } from "./prepare/brush.ts";

const placeOf = (event: PointerEvent<HTMLElement>): number => {
  const box = event.currentTarget.getBoundingClientRect();
  return fractionAt(event.clientX, box.left, box.width);
};

/**
 * Dragging over an element, as shares of its width. `span` is what is being dragged over; `onDragged` gets it when the
 * button is let go, also after a mere click. Give the element `touch-action: pan-y`, so that a finger can drag, too.
 */
export function useBrush(onDragged: (span: Span) => void) {
  const [span, setSpan] = useState<Span | null>(null);
  const start = useRef<number | null>(null);
  const stop = () => {
    start.current = null;
    setSpan(null);
  };
  return {
    span,
    handlers: {
      onPointerDown: (event: PointerEvent<HTMLElement>) => {
        if (event.button !== 0) return;
        start.current = placeOf(event);
        event.currentTarget.setPointerCapture(event.pointerId);
      },
      onPointerMove: (event: PointerEvent<HTMLElement>) => {
        if (start.current !== null) setSpan({ from: start.current, to: placeOf(event) });
      },
      onPointerUp: (event: PointerEvent<HTMLElement>) => {
        if (start.current === null) return;
        const dragged = { from: start.current, to: placeOf(event) };
        stop();
        onDragged(dragged);
      },
      onPointerCancel: stop,
    },
  };
}
