import { Waypoints } from "lucide-react";
import { VisibleText } from "../feedback/visible-text.tsx";
import { useOpenPage } from "../layout/open-page.tsx";
import type { Entries, PaletteEntries } from "../palette/palette-entries.ts";
import { PaletteItem } from "../palette/palette-item.tsx";
import { usePlaces } from "../services/use-places.ts";
import { useCan } from "../trpc/session.tsx";
import { tracesHref } from "./trace-scope.ts";

const TracesOfService: Entries = ({ after }) => {
  const open = useOpenPage();
  const places = usePlaces();
  if (!useCan("telemetry.read")) return null;
  return places.map((place) => (
    <PaletteItem
      key={`${place.service}/${place.environment}`}
      value={`traces slow failed requests of ${place.service} ${place.environment}`}
      onSelect={after(() => open(tracesHref(place)))}
      icon={<Waypoints aria-hidden="true" />}
    >
      Traces of <VisibleText text={place.service} /> in {place.environment}
    </PaletteItem>
  ));
};

export const tracesPalette = { look: TracesOfService } satisfies PaletteEntries;
