import { useQuery } from "@tanstack/react-query";
import { Rocket, Undo2 } from "lucide-react";
import { VisibleText } from "../feedback/visible-text.tsx";
import { useEnvironment } from "../lib/environment.tsx";
import type { Entries, PaletteEntries } from "../palette/palette-entries.ts";
import { PaletteItem } from "../palette/palette-item.tsx";
import { placesOf } from "../services/places.ts";
import { usePlaces } from "../services/use-places.ts";
import { useTRPC } from "../trpc/client.tsx";
import { useCan } from "../trpc/session.tsx";
import { useDeploy } from "./request/deploy-dialog-provider.tsx";
import { useRollback } from "./request/rollback-dialog-provider.tsx";

const Act: Entries = ({ after }) => {
  const trpc = useTRPC();
  const deploy = useDeploy();
  const rollback = useRollback();
  const { environment } = useEnvironment();
  const services = useQuery(trpc.services.list.queryOptions({}));
  const places = usePlaces();
  if (!useCan("deployment.write")) return null;
  const names = [...new Set(placesOf(services.data?.rows).map((row) => row.service))].sort();
  return (
    <>
      {names.map((service) => (
        <PaletteItem
          key={service}
          value={`deploy ${service}`}
          onSelect={after(() => deploy({ service, ...(environment ? { environment } : {}) }))}
          icon={<Rocket aria-hidden="true" />}
        >
          Deploy <VisibleText text={service} />…
        </PaletteItem>
      ))}
      {places.map((place) => (
        <PaletteItem
          key={`${place.service}/${place.environment}`}
          value={`roll back ${place.service} ${place.environment}`}
          onSelect={after(() => rollback({ service: place.service, environment: place.environment }))}
          icon={<Undo2 aria-hidden="true" />}
        >
          Roll back <VisibleText text={place.service} /> in {place.environment}…
        </PaletteItem>
      ))}
    </>
  );
};

export const deploymentsPalette = { act: Act } satisfies PaletteEntries;
