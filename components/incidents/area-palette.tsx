import { useQuery } from "@tanstack/react-query";
import { Plus, Siren } from "lucide-react";
import { UNRESOLVED } from "#server/agent/incidents/words.ts";
import { VisibleText } from "../feedback/visible-text.tsx";
import { useOpenPage } from "../layout/open-page.tsx";
import { useEnvironment } from "../lib/environment.tsx";
import { SeverityMark } from "../marks/incident-mark.tsx";
import type { Entries, PaletteEntries } from "../palette/palette-entries.ts";
import { PaletteGroup, PaletteItem } from "../palette/palette-item.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { useCan } from "../trpc/session.tsx";

const NotResolved: Entries = ({ after }) => {
  const trpc = useTRPC();
  const open = useOpenPage();
  const { link } = useEnvironment();
  const incidents = useQuery(trpc.incidents.list.queryOptions({ status: [...UNRESOLVED], limit: 20 }));
  if (!incidents.data?.items.length) return null;
  return (
    <PaletteGroup heading="Incidents not resolved">
      {incidents.data.items.map((incident) => (
        <PaletteItem
          key={incident.id}
          value={`${incident.label} ${incident.title} ${incident.service ?? ""}`}
          onSelect={after(() => open(link(`/incidents/${incident.id}`)))}
          icon={<Siren aria-hidden="true" />}
          aside={<SeverityMark severity={incident.severity} />}
        >
          <span className="num">{incident.label}</span> <VisibleText text={incident.title} />
        </PaletteItem>
      ))}
    </PaletteGroup>
  );
};

const Create: Entries = ({ after }) => {
  const open = useOpenPage();
  const { link } = useEnvironment();
  if (!useCan("incident.write")) return null;
  return (
    <PaletteItem
      value="create open new incident"
      onSelect={after(() => open(link("/incidents?new=1")))}
      icon={<Plus aria-hidden="true" />}
    >
      Create an incident…
    </PaletteItem>
  );
};

export const incidentsPalette = { problems: NotResolved, create: Create } satisfies PaletteEntries;
