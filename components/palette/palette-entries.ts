import type { ComponentType } from "react";

/** Closes the palette, then does it. */
export type After = (run: () => void) => () => void;

export type Entries = ComponentType<{ after: After }>;

/** Groups above the actions, in their order: first what is wrong, then what there is. */
export const FOUND = ["problems", "resources"] as const;
/** Under "Actions", in their order. */
export const ACTIONS = ["act", "look", "create"] as const;

/** What an area brings to the palette, by place. Where several share a place they stand in the order of the areas. */
export type PaletteEntries = { readonly [P in (typeof FOUND)[number] | (typeof ACTIONS)[number]]?: Entries };
