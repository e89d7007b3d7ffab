"use client";

import { PAGES } from "../areas.ts";
import { PALETTE_AREAS } from "../areas-palette.ts";
import { Palette } from "../palette/palette.tsx";

interface ConsolePaletteProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** The palette with what the areas bring. Loaded when it is first opened. */
export const ConsolePalette = (props: ConsolePaletteProps) => (
  <Palette {...props} pages={PAGES} areas={PALETTE_AREAS} />
);
