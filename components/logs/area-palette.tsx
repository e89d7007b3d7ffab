import { Logs } from "lucide-react";
import { VisibleText } from "../feedback/visible-text.tsx";
import { useOpenPage } from "../layout/open-page.tsx";
import type { Entries, PaletteEntries } from "../palette/palette-entries.ts";
import { PaletteItem } from "../palette/palette-item.tsx";
import { usePlaces } from "../services/use-places.ts";
import { useCan } from "../trpc/session.tsx";

const LogsOfService: Entries = ({ after }) => {
  const open = useOpenPage();
  const places = usePlaces();
  if (!useCan("telemetry.read")) return null;
  return places.map((place) => (
    <PaletteItem
      key={`${place.service}/${place.environment}`}
      value={`logs lines of ${place.service} ${place.environment}`}
      onSelect={after(() => open(`/logs?${new URLSearchParams({ service: place.service, env: place.environment })}`))}
      icon={<Logs aria-hidden="true" />}
    >
      Logs of <VisibleText text={place.service} /> in {place.environment}
    </PaletteItem>
  ));
};

export const logsPalette = { look: LogsOfService } satisfies PaletteEntries;
