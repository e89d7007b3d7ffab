import { Scale } from "lucide-react";
import { useEnvironment } from "../lib/environment.tsx";
import type { Entries, PaletteEntries } from "../palette/palette-entries.ts";
import { PlaceEntries } from "../services/place-entries.tsx";
import { compareHref } from "./compare-input.ts";

const CompareVersions: Entries = ({ after }) => {
  const { link } = useEnvironment();
  return (
    <PlaceEntries
      {...{ after, words: "Compare versions of", value: "compare versions", icon: Scale }}
      hrefOf={(place) => link(compareHref(place))}
    />
  );
};

export const comparePalette = { look: CompareVersions } satisfies PaletteEntries;
