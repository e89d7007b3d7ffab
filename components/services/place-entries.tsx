import type { LucideIcon } from "lucide-react";
import { VisibleText } from "../feedback/visible-text.tsx";
import { useOpenPage } from "../layout/open-page.tsx";
import type { After } from "../palette/palette-entries.ts";
import { PaletteItem } from "../palette/palette-item.tsx";
import type { PlaceRow } from "./places.ts";
import { usePlaces } from "./use-places.ts";

interface PlaceEntriesProps {
  after: After;
  /** "Logs of": the service and its environment follow */
  words: string;
  /** what is searched in besides */
  value: string;
  icon: LucideIcon;
  hrefOf: (place: PlaceRow) => string;
}

/** An entry of the palette for each service in each of its environments. */
export function PlaceEntries({ after, words, value, icon: Icon, hrefOf }: PlaceEntriesProps) {
  const open = useOpenPage();
  return usePlaces().map((place) => (
    <PaletteItem
      key={`${place.service}/${place.environment}`}
      value={`${value} ${place.service} ${place.environment}`}
      onSelect={after(() => open(hrefOf(place)))}
      icon={<Icon aria-hidden="true" />}
    >
      {words} <VisibleText text={place.service} /> in {place.environment}
    </PaletteItem>
  ));
}
