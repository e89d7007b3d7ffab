import { useQuery } from "@tanstack/react-query";
import { Boxes } from "lucide-react";
import { VisibleText } from "../feedback/visible-text.tsx";
import { useOpenPage } from "../layout/open-page.tsx";
import { useEnvironment } from "../lib/environment.tsx";
import { EnvironmentName } from "../marks/environment.tsx";
import { HealthMark } from "../marks/health-mark.tsx";
import type { Entries, PaletteEntries } from "../palette/palette-entries.ts";
import { PaletteGroup, PaletteItem } from "../palette/palette-item.tsx";
import { useTRPC } from "../trpc/client.tsx";
import { serviceHref } from "./places.ts";

const Services: Entries = ({ after }) => {
  const trpc = useTRPC();
  const open = useOpenPage();
  const { link } = useEnvironment();
  const services = useQuery(trpc.services.list.queryOptions({}));
  return (
    <PaletteGroup heading="Services">
      {services.data?.rows.map((row) => (
        <PaletteItem
          key={`${row.service}/${row.environment ?? ""}`}
          value={`${row.service} ${row.environment ?? "not configured"} service`}
          onSelect={after(() => open(row.environment === null ? serviceHref(row) : link(serviceHref(row))))}
          icon={<Boxes aria-hidden="true" />}
          aside={<HealthMark state={row.health} />}
        >
          <VisibleText text={row.service} />{" "}
          {row.environment === null ? (
            <span className="text-ink-3">not configured</span>
          ) : (
            <EnvironmentName name={row.environment} />
          )}
        </PaletteItem>
      ))}
    </PaletteGroup>
  );
};

export const servicesPalette = { resources: Services } satisfies PaletteEntries;
