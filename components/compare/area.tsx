import type { Area } from "../area.ts";

/** Its page is about one service: links and the palette lead there, navigation does not. */
export const compare = { pages: [] } satisfies Area;
