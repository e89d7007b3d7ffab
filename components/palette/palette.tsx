"use client";

import { useQuery } from "@tanstack/react-query";
import { Command } from "cmdk";
import { Boxes, LogOut, Logs, Plus, Rocket, Scale, Siren, SunMoon, Undo2, Waypoints } from "lucide-react";
import { useTheme } from "next-themes";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { UNRESOLVED } from "#server/agent/incidents/words.ts";
import { compareHref } from "../compare/compare-input.ts";
import { useDeploy } from "../deployments/deploy-dialog-provider.tsx";
import { useRollback } from "../deployments/rollback-dialog-provider.tsx";
import { toast } from "../feedback/toast.ts";
import { VisibleText } from "../feedback/visible-text.tsx";
import { PAGES } from "../layout/navigation.ts";
import { useOpenPage } from "../layout/open-page.tsx";
import { EnvironmentName, useEnvironment } from "../lib/environment.tsx";
import { signOut } from "../lib/sign-out.ts";
import { HealthMark } from "../marks/health-mark.tsx";
import { SeverityMark } from "../marks/incident-mark.tsx";
import { placesOf, serviceHref } from "../services/places.ts";
import { tracesHref } from "../traces/trace-scope.ts";
import { useTRPC } from "../trpc/client.tsx";
import { useCan, useMe } from "../trpc/session.tsx";
import { focusOf } from "../ui/dialog-focus.ts";
import { Kbd } from "../ui/kbd.tsx";
import { useOpener } from "../ui/opener.ts";
import { score } from "./score.ts";

interface PaletteProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** Jump to a page, service or incident, or act. Loaded when it is first opened. */
export default function Palette({ open, onOpenChange }: PaletteProps) {
  const close = () => onOpenChange(false);
  const opener = useOpener(open);
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-scrim" />
        <Radix.Content
          {...focusOf(opener)}
          className="fixed top-[10vh] left-1/2 z-50 w-[calc(100vw-1.5rem)] max-w-xl -translate-x-1/2 animate-appear overflow-hidden rounded-md border border-line-strong bg-surface"
        >
          <Radix.Title className="sr-only">Search or jump</Radix.Title>
          <Radix.Description className="sr-only">Type, choose with the arrow keys, Enter goes.</Radix.Description>
          <Command label="Search or jump" loop filter={score}>
            <Command.Input
              placeholder="A page, a service, an incident, an action…"
              className="h-12 w-full border-b bg-transparent px-4 text-lg outline-none placeholder:text-ink-3"
            />
            <Command.List className="max-h-[60vh] overflow-y-auto p-2 [&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-ink-3 [&_[cmdk-group-heading]]:text-xs">
              <Command.Empty className="px-2 py-6 text-ink-2 text-sm">
                Nothing is named like that. Try a service, “deploy”, or INC- and a number.
              </Command.Empty>
              <Found close={close} />
              <Actions close={close} />
              <Pages close={close} />
            </Command.List>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Item({
  value,
  onSelect,
  icon,
  children,
  aside,
}: {
  value: string;
  onSelect: () => void;
  icon: ReactNode;
  children: ReactNode;
  aside?: ReactNode;
}) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="flex min-h-9 cursor-pointer items-center gap-2.5 rounded-sm px-2 text-sm data-[selected=true]:bg-selected [&>svg]:size-4 [&>svg]:shrink-0 [&>svg]:text-ink-3"
    >
      {icon}
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {aside ? <span className="text-ink-3 text-xs">{aside}</span> : null}
    </Command.Item>
  );
}

function Found({ close }: { close: () => void }) {
  const trpc = useTRPC();
  const open = useOpenPage();
  const { link } = useEnvironment();
  const services = useQuery(trpc.services.list.queryOptions({}));
  const incidents = useQuery(trpc.incidents.list.queryOptions({ status: [...UNRESOLVED], limit: 20 }));
  const go = (path: string) => {
    close();
    open(link(path));
  };
  const goTo = (path: string) => {
    close();
    open(path);
  };
  return (
    <>
      {incidents.data?.items.length ? (
        <Command.Group heading="Incidents not resolved">
          {incidents.data.items.map((incident) => (
            <Item
              key={incident.id}
              value={`${incident.label} ${incident.title} ${incident.service ?? ""}`}
              onSelect={() => go(`/incidents/${incident.id}`)}
              icon={<Siren aria-hidden="true" />}
              aside={<SeverityMark severity={incident.severity} />}
            >
              <span className="num">{incident.label}</span> <VisibleText text={incident.title} />
            </Item>
          ))}
        </Command.Group>
      ) : null}
      <Command.Group heading="Services">
        {services.data?.rows.map((row) => (
          <Item
            key={`${row.service}/${row.environment ?? ""}`}
            value={`${row.service} ${row.environment ?? "not configured"} service`}
            onSelect={() => (row.environment === null ? goTo(serviceHref(row)) : go(serviceHref(row)))}
            icon={<Boxes aria-hidden="true" />}
            aside={<HealthMark state={row.health} />}
          >
            <VisibleText text={row.service} />{" "}
            {row.environment === null ? (
              <span className="text-ink-3">not configured</span>
            ) : (
              <EnvironmentName name={row.environment} />
            )}
          </Item>
        ))}
      </Command.Group>
    </>
  );
}

function Actions({ close }: { close: () => void }) {
  const trpc = useTRPC();
  const open = useOpenPage();
  const deploy = useDeploy();
  const rollback = useRollback();
  const { environment, link } = useEnvironment();
  const { resolvedTheme, setTheme } = useTheme();
  const mayDeploy = useCan("deployment.write");
  const mayOpen = useCan("incident.write");
  const mayReadTelemetry = useCan("telemetry.read");
  const services = useQuery(trpc.services.list.queryOptions({}));
  const all = placesOf(services.data?.rows);
  const places = all.filter((row) => environment === null || row.environment === environment);
  const names = [...new Set(all.map((row) => row.service))].sort();
  const after = (run: () => void) => () => {
    close();
    run();
  };
  return (
    <Command.Group heading="Actions">
      {mayDeploy
        ? names.map((service) => (
            <Item
              key={service}
              value={`deploy ${service}`}
              onSelect={after(() => deploy({ service, ...(environment ? { environment } : {}) }))}
              icon={<Rocket aria-hidden="true" />}
            >
              Deploy <VisibleText text={service} />…
            </Item>
          ))
        : null}
      {mayDeploy
        ? places.map((place) => (
            <Item
              key={`${place.service}/${place.environment}`}
              value={`roll back ${place.service} ${place.environment}`}
              onSelect={after(() => rollback({ service: place.service, environment: place.environment }))}
              icon={<Undo2 aria-hidden="true" />}
            >
              Roll back <VisibleText text={place.service} /> in {place.environment}…
            </Item>
          ))
        : null}
      {places.map((place) => (
        <Item
          key={`${place.service}/${place.environment}`}
          value={`compare versions ${place.service} ${place.environment}`}
          onSelect={after(() => open(link(compareHref(place))))}
          icon={<Scale aria-hidden="true" />}
        >
          Compare versions of <VisibleText text={place.service} /> in {place.environment}
        </Item>
      ))}
      {mayReadTelemetry
        ? places.map((place) => (
            <Item
              key={`${place.service}/${place.environment}`}
              value={`logs lines of ${place.service} ${place.environment}`}
              onSelect={after(() =>
                open(`/logs?${new URLSearchParams({ service: place.service, env: place.environment })}`),
              )}
              icon={<Logs aria-hidden="true" />}
            >
              Logs of <VisibleText text={place.service} /> in {place.environment}
            </Item>
          ))
        : null}
      {mayReadTelemetry
        ? places.map((place) => (
            <Item
              key={`${place.service}/${place.environment}`}
              value={`traces slow failed requests of ${place.service} ${place.environment}`}
              onSelect={after(() => open(tracesHref(place)))}
              icon={<Waypoints aria-hidden="true" />}
            >
              Traces of <VisibleText text={place.service} /> in {place.environment}
            </Item>
          ))
        : null}
      {mayOpen ? (
        <Item
          value="create open new incident"
          onSelect={after(() => open(link("/incidents?new=1")))}
          icon={<Plus aria-hidden="true" />}
        >
          Create an incident…
        </Item>
      ) : null}
      <Item
        value="toggle theme dark light colours"
        onSelect={after(() => setTheme(resolvedTheme === "dark" ? "light" : "dark"))}
        icon={<SunMoon aria-hidden="true" />}
      >
        Use {resolvedTheme === "dark" ? "light" : "dark"} colours
      </Item>
      <Item
        value="sign out leave"
        onSelect={after(
          () => void signOut().catch(() => toast.error("You are still signed in: Operate did not answer.")),
        )}
        icon={<LogOut aria-hidden="true" />}
      >
        Sign out
      </Item>
    </Command.Group>
  );
}

function Pages({ close }: { close: () => void }) {
  const open = useOpenPage();
  const { permissions } = useMe();
  const { link } = useEnvironment();
  return (
    <Command.Group heading="Pages">
      {PAGES.filter((page) => permissions.includes(page.permission)).map((page) => (
        <Item
          key={page.href}
          value={`${page.label} page go`}
          onSelect={() => {
            close();
            open(link(page.href));
          }}
          icon={<page.icon aria-hidden="true" />}
          aside={
            <span className="flex gap-1">
              <Kbd>g</Kbd>
              <Kbd>{page.key}</Kbd>
            </span>
          }
        >
          {page.label}
        </Item>
      ))}
    </Command.Group>
  );
}
