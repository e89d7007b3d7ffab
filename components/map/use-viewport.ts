"use client";

import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useRef, useState } from "react";
import { centredOn, fitted, type Viewport, zoomAround } from "./prepare/viewport.ts";

const STEP = 1.25;
const PAN_PX = 60;
const MOVES: Record<string, [number, number]> = {
  ArrowLeft: [PAN_PX, 0],
  ArrowRight: [-PAN_PX, 0],
  ArrowUp: [0, PAN_PX],
  ArrowDown: [0, -PAN_PX],
};

/** Moving and enlarging a drawing of a size: by dragging, Control and wheel, keys, or the buttons' functions. */
export function useViewport(drawing: { width: number; height: number }) {
  const box = useRef<HTMLElement>(null);
  const [view, setView] = useState<Viewport | null>(null);
  const [dragging, setDragging] = useState(false);
  const last = useRef<{ x: number; y: number } | null>(null);
  const { width, height } = drawing;

  const sizeOf = () => ({ width: box.current?.clientWidth ?? 0, height: box.current?.clientHeight ?? 0 });
  const fitAll = useCallback(() => {
    if (box.current)
      setView(fitted({ width, height }, { width: box.current.clientWidth, height: box.current.clientHeight }));
  }, [width, height]);
  // a window that was hidden has no size before it is shown
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setView((before) => (before && element.clientWidth > 0 ? before : null)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (view === null && box.current && box.current.clientWidth > 0) fitAll();
  }, [view, fitAll]);

  const zoom = useCallback((factor: number, place?: { x: number; y: number }) => {
    const middle = { x: (box.current?.clientWidth ?? 0) / 2, y: (box.current?.clientHeight ?? 0) / 2 };
    setView((before) => before && zoomAround(before, factor, place ?? middle));
  }, []);
  // React listens passively, and a wheel that zooms must not also scroll
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { left, top } = element.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY / 300), { x: event.clientX - left, y: event.clientY - top });
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [zoom]);

  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0 || (event.target instanceof Element && event.target.closest("button"))) return;
    last.current = { x: event.clientX, y: event.clientY };
    setDragging(true);
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent) => {
    const from = last.current;
    if (!from) return;
    const by = { x: event.clientX - from.x, y: event.clientY - from.y };
    last.current = { x: event.clientX, y: event.clientY };
    setView((before) => before && { ...before, x: before.x + by.x, y: before.y + by.y });
  };
  const stop = () => {
    last.current = null;
    setDragging(false);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = MOVES[event.key];
    if (move) setView((before) => before && { ...before, x: before.x + move[0], y: before.y + move[1] });
    else if (event.key === "+" || event.key === "=") zoom(STEP);
    else if (event.key === "-") zoom(1 / STEP);
    else if (event.key === "0") fitAll();
    else return;
    event.preventDefault();
  };
  return {
    ...{ box, view, dragging, fitAll },
    zoomIn: () => zoom(STEP),
    zoomOut: () => zoom(1 / STEP),
    showPoint: (point: { x: number; y: number }) => setView((before) => before && centredOn(before, point, sizeOf())),
    handlers: { onPointerDown, onPointerMove, onPointerUp: stop, onPointerCancel: stop, onKeyDown },
  };
}
