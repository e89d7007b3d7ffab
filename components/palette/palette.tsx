"use client";

import { Command } from "cmdk";
import { LogOut, SunMoon } from "lucide-react";
import { useTheme } from "next-themes";
import { Dialog as Radix } from "radix-ui";
import { toast } from "../feedback/toast.ts";
import type { Page } from "../layout/navigation.ts";
import { useOpenPage } from "../layout/open-page.tsx";
import { useEnvironment } from "../lib/environment.tsx";
import { signOut } from "../lib/sign-out.ts";
import { useMe } from "../trpc/session.tsx";
import { focusOf } from "../ui/dialog-focus.ts";
import { Kbd } from "../ui/kbd.tsx";
import { useOpener } from "../ui/opener.ts";
import { score } from "./match-score.ts";
import { ACTIONS, type After, FOUND, type PaletteEntries } from "./palette-entries.ts";
import { PaletteItem } from "./palette-item.tsx";

interface PaletteProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** of the whole console; who may not read one does not see it */
  pages: readonly Page[];
  /** what each area brings, in the order of the areas */
  areas: readonly PaletteEntries[];
}

/** Jump to a page, service or incident, or act. */
export function Palette({ open, onOpenChange, pages, areas }: PaletteProps) {
  const after: After = (run) => () => {
    onOpenChange(false);
    run();
  };
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
              {FOUND.map((place) => (
                <Placed key={place} place={place} areas={areas} after={after} />
              ))}
              <Command.Group heading="Actions">
                {ACTIONS.map((place) => (
                  <Placed key={place} place={place} areas={areas} after={after} />
                ))}
                <OwnActions after={after} />
              </Command.Group>
              <Pages pages={pages} after={after} />
            </Command.List>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

type Place = keyof PaletteEntries;

function Placed({ place, areas, after }: { place: Place; areas: readonly PaletteEntries[]; after: After }) {
  return areas.map((area, at) => {
    const Entries = area[place];
    // biome-ignore lint/suspicious/noArrayIndexKey: the areas do not change
    return Entries ? <Entries key={at} after={after} /> : null;
  });
}

/** Of the person at the screen. */
function OwnActions({ after }: { after: After }) {
  const { resolvedTheme, setTheme } = useTheme();
  return (
    <>
      <PaletteItem
        value="toggle theme dark light colours"
        onSelect={after(() => setTheme(resolvedTheme === "dark" ? "light" : "dark"))}
        icon={<SunMoon aria-hidden="true" />}
      >
        Use {resolvedTheme === "dark" ? "light" : "dark"} colours
      </PaletteItem>
      <PaletteItem
        value="sign out leave"
        onSelect={after(
          () => void signOut().catch(() => toast.error("You are still signed in: Operate did not answer.")),
        )}
        icon={<LogOut aria-hidden="true" />}
      >
        Sign out
      </PaletteItem>
    </>
  );
}

function Pages({ pages, after }: { pages: readonly Page[]; after: After }) {
  const open = useOpenPage();
  const { permissions } = useMe();
  const { link } = useEnvironment();
  return (
    <Command.Group heading="Pages">
      {pages
        .filter((page) => permissions.includes(page.permission))
        .map((page) => (
          <PaletteItem
            key={page.href}
            value={`${page.label} page go`}
            onSelect={after(() => open(link(page.href)))}
            icon={<page.icon aria-hidden="true" />}
            aside={
              <span className="flex gap-1">
                <Kbd>g</Kbd>
                <Kbd>{page.key}</Kbd>
              </span>
            }
          >
            {page.label}
          </PaletteItem>
        ))}
    </Command.Group>
  );
}
