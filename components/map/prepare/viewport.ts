/** Where the drawing stands in its window: moved by x and y px, then enlarged by `scale`. */
export interface Viewport {
  x: number;
  y: number;
  scale: number;
}

interface Size {
  width: number;
  height: number;
}

const SCALES = { least: 0.3, most: 2, fit: 1.15 };
const MARGIN = 24;

/** All of the drawing, in the middle, not larger than it reads well. */
export function fitted(drawing: Size, window: Size): Viewport {
  const scale = Math.max(
    SCALES.least,
    Math.min(
      SCALES.fit,
      (window.width - 2 * MARGIN) / Math.max(1, drawing.width),
      (window.height - 2 * MARGIN) / Math.max(1, drawing.height),
    ),
  );
  return {
    scale,
    x: Math.max(MARGIN, (window.width - drawing.width * scale) / 2),
    y: Math.max(MARGIN, (window.height - drawing.height * scale) / 2),
  };
}

/** Enlarged by `factor` around a place of the window, which stays where it is. */
export function zoomAround(view: Viewport, factor: number, place: { x: number; y: number }): Viewport {
  const scale = Math.min(SCALES.most, Math.max(SCALES.least, view.scale * factor));
  const ratio = scale / view.scale;
  return { scale, x: place.x - (place.x - view.x) * ratio, y: place.y - (place.y - view.y) * ratio };
}

/** Moved so that a point of the drawing is in the middle. */
export const centredOn = (view: Viewport, point: { x: number; y: number }, window: Size): Viewport => ({
  ...view,
  x: window.width / 2 - point.x * view.scale,
  y: window.height / 2 - point.y * view.scale,
});
