"use client";

import { type KeyboardEvent, useState } from "react";
import type { Span } from "./prepare/brush.ts";

/** A step of a chart as shares of its width. */
interface Step {
  left: number;
  width: number;
}

/**
 * The keyboard's way through a chart: arrows move from step to step, Shift and arrows select, Enter hands over what is
 * selected, or the step itself where `onStep` takes one.
 */
export function useStepKeys(
  steps: readonly Step[],
  onSelected: (span: Span) => void,
  onStep?: ((index: number) => void) | undefined,
) {
  const [at, setAt] = useState<number | null>(null);
  const [anchor, setAnchor] = useState<number | null>(null);
  const edges = (index: number): [number, number] => {
    const step = steps[index];
    return step ? [step.left, step.left + step.width] : [0, 0];
  };
  const span =
    at !== null && anchor !== null
      ? { from: Math.min(edges(at)[0], edges(anchor)[0]), to: Math.max(edges(at)[1], edges(anchor)[1]) }
      : null;
  const leave = () => {
    setAt(null);
    setAnchor(null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const last = steps.length - 1;
    const now = Math.min(at ?? last, last);
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      setAnchor(event.shiftKey ? (anchor ?? now) : null);
      setAt(at === null && !event.shiftKey ? last : Math.min(last, Math.max(0, next)));
    } else if (event.key === "Enter" && span) {
      event.preventDefault();
      leave();
      onSelected(span);
    } else if (event.key === "Enter" && at !== null && onStep) {
      event.preventDefault();
      onStep(at);
    } else if (event.key === "Escape") leave();
  };
  return { at, span, onKeyDown, leave };
}
