import { Logs } from "lucide-react";
import type { Entries, PaletteEntries } from "../palette/palette-entries.ts";
import { PlaceEntries } from "../services/place-entries.tsx";
import { useCan } from "../trpc/session.tsx";

const LogsOfService: Entries = ({ after }) =>
  useCan("telemetry.read") ? (
    <PlaceEntries
      {...{ after, words: "Logs of", value: "logs lines of", icon: Logs }}
      hrefOf={({ service, environment }) => `/logs?${new URLSearchParams({ service, env: environment })}`}
    />
  ) : null;

export const logsPalette = { look: LogsOfService } satisfies PaletteEntries;
