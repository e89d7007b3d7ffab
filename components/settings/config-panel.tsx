"use client";

import { useQuery } from "@tanstack/react-query";
import { Banner } from "../feedback/banner.tsx";
import { Mark } from "../feedback/mark.tsx";
import { QueryBoundary } from "../feedback/query-boundary.tsx";
import { Section } from "../layout/page.tsx";
import { plural } from "../lib/format.ts";
import { type RouterOutputs, useTRPC } from "../trpc/client.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { ConfigCheck } from "./config-check.tsx";
import { ConfigText } from "./config-text.tsx";
import { IssueList } from "./issue-list.tsx";
import { OwnSystem } from "./own-system.tsx";

type Config = RouterOutputs["settings"]["config"];

/** The configuration as it is, what is wrong with it, a place to try a change, and the way to one's own. */
export function ConfigPanel() {
  const trpc = useTRPC();
  const query = useQuery(trpc.settings.config.queryOptions());
  return (
    <QueryBoundary query={query} what="the configuration" skeleton={<Skeleton className="h-[40rem]" />}>
      {(config) => (
        <div className="flex flex-col gap-4">
          <Notes config={config} />
          <div className="grid grid-cols-1 items-start gap-4 xl:grid-cols-2">
            <Section
              title="In the file"
              note={<span className="num break-all">{config.file}</span>}
              actions={
                config.issues.length > 0 ? (
                  <Mark tone="critical">{plural(config.issues.length, "problem")}</Mark>
                ) : (
                  <Mark tone="ok">valid</Mark>
                )
              }
            >
              {config.issues.length > 0 ? <IssueList issues={config.issues} /> : null}
              <ConfigText text={config.text} issues={config.issues} />
            </Section>
            <div className="flex min-w-0 flex-col gap-4">
              <ConfigCheck text={config.text} file={config.file} sample={config.sample} />
              <OwnSystem />
            </div>
          </div>
        </div>
      )}
    </QueryBoundary>
  );
}

const Notes = ({ config }: { config: Config }) => (
  <>
    {config.sample ? (
      <Banner
        action={
          <a href="#own" className="link text-sm">
            Operate your own system
          </a>
        }
      >
        The built-in sample runs, because no configuration was given.
      </Banner>
    ) : null}
    {config.changedSinceStart ? (
      <Banner tone="warning">
        The file has changed since Operate started; what runs is still the file as it was then. Restart Operate to apply
        the change
        {config.issues.length > 0 ? ", but first correct the problems below: it would not start with them" : ""}.
      </Banner>
    ) : null}
  </>
);
