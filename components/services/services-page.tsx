"use client";

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Page, Section } from "../layout/page.tsx";
import { useEnvironment } from "../lib/environment.tsx";
import { useUrlText } from "../lib/url-text.ts";
import { useTRPC } from "../trpc/client.tsx";
import { READ_TOGETHER } from "../trpc/read-together.ts";
import { Input } from "../ui/field.tsx";
import { countServices } from "./table/count-services.ts";
import { ServiceTable, ServiceTableMenu } from "./table/service-table.tsx";

/** Every service, filtered by words that its name, owner, version or environment contains. */
export function ServicesPage() {
  const trpc = useTRPC();
  const { environment } = useEnvironment();
  const [words, setWords] = useUrlText("q");
  const query = useQuery(
    trpc.services.list.queryOptions(environment ? { environment } : {}, { ...READ_TOGETHER, refetchInterval: 10_000 }),
  );
  const wanted = useMemo(() => words.toLowerCase().split(/\s+/).filter(Boolean), [words]);
  const filtered = useMemo(() => {
    if (!query.data || wanted.length === 0) return query.data;
    const rows = query.data.rows.filter((row) => {
      const text =
        `${row.service} ${row.environment ?? "not configured"} ${row.owner} ${row.currentVersion ?? ""} ${row.health}`.toLowerCase();
      return wanted.every((word) => text.includes(word));
    });
    return { ...query.data, rows };
  }, [query.data, wanted]);
  const total = query.data?.rows.length ?? 0;
  return (
    <Page title="Services">
      <Section
        title="All services"
        note={filtered ? `${countServices(filtered.rows, total)}, worst first` : "worst first"}
        actions={
          <>
            <Input
              type="search"
              aria-label="Filter the services"
              placeholder="Name, owner, version, state"
              value={words}
              onChange={(event) => setWords(event.target.value)}
              className="w-56 max-sm:w-40"
            />
            <ServiceTableMenu data={filtered} showEnvironment={environment === null} />
          </>
        }
      >
        {filtered && filtered.rows.length === 0 && total > 0 ? (
          <p className="px-4 py-8 text-ink-2 text-sm">No service matches “{words}”.</p>
        ) : (
          <ServiceTable query={{ ...query, data: filtered }} showEnvironment={environment === null} />
        )}
      </Section>
    </Page>
  );
}
