import { Waypoints } from "lucide-react";
import type { Entries, PaletteEntries } from "../palette/palette-entries.ts";
import { PlaceEntries } from "../services/place-entries.tsx";
import { useCan } from "../trpc/session.tsx";
import { tracesHref } from "./trace-scope.ts";

const TracesOfService: Entries = ({ after }) =>
  useCan("telemetry.read") ? (
    <PlaceEntries
      {...{ after, words: "Traces of", value: "traces slow failed requests of", icon: Waypoints }}
      hrefOf={(place) => tracesHref(place)}
    />
  ) : null;

export const tracesPalette = { look: TracesOfService } satisfies PaletteEntries;
