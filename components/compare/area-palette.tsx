import { Scale } from "lucide-react";
import { VisibleText } from "../feedback/visible-text.tsx";
import { useOpenPage } from "../layout/open-page.tsx";
import { useEnvironment } from "../lib/environment.tsx";
import type { Entries, PaletteEntries } from "../palette/palette-entries.ts";
import { PaletteItem } from "../palette/palette-item.tsx";
import { usePlaces } from "../services/use-places.ts";
import { compareHref } from "./compare-input.ts";

const CompareVersions: Entries = ({ after }) => {
  const open = useOpenPage();
  const { link } = useEnvironment();
  return usePlaces().map((place) => (
    <PaletteItem
      key={`${place.service}/${place.environment}`}
      value={`compare versions ${place.service} ${place.environment}`}
      onSelect={after(() => open(link(compareHref(place))))}
      icon={<Scale aria-hidden="true" />}
    >
      Compare versions of <VisibleText text={place.service} /> in {place.environment}
    </PaletteItem>
  ));
};

export const comparePalette = { look: CompareVersions } satisfies PaletteEntries;
