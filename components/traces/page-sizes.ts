/** traces a page of the list */
export const PAGE = 100;
/** spans a trace is first read with */
export const FIRST_SPANS = 1_000;
/** traces of each part of the window, for the picture of all of it */
export const SAMPLE = 8;
/** of the picture's plot, px */
export const SCATTER_DRAWN = 168;
/** of the whole picture, with its axis, px */
export const SCATTER_HEIGHT = SCATTER_DRAWN + 46;
