"use client";

import dynamic from "next/dynamic";
import { type ReactNode, useState } from "react";
import { useEnvironment } from "../lib/environment.tsx";
import { useShortcuts } from "../lib/shortcuts.ts";
import { useMe } from "../trpc/session.tsx";
import { BottomBar } from "./bottom-bar.tsx";
import type { Page } from "./navigation.ts";
import { useOpenPage } from "./open-page.tsx";
import { Rail } from "./rail.tsx";
import { RAIL_COOKIE } from "./rail-cookie.ts";
import { TopBar } from "./top-bar.tsx";

/** A script of its own, which comes when it is first asked for. */
const HelpDialog = dynamic(() => import("./help-dialog.tsx").then((module) => module.HelpDialog), { ssr: false });

interface ConsoleFrameProps {
  environmentSwitch: ReactNode;
  /** of the whole console; who may not read one does not see it */
  pages: readonly Page[];
  /** as the last visit left it; read from a cookie so that nothing jumps */
  railCollapsed: boolean;
  onSearch: () => void;
  /** the sentence of state, above every page */
  stateLine: ReactNode;
  children: ReactNode;
}

/** What stands around every page: top bar, rail or bottom bar, the sentence of state, the keyboard. */
export function ConsoleFrame(props: ConsoleFrameProps) {
  const { permissions } = useMe();
  const pages = props.pages.filter((page) => permissions.includes(page.permission));
  const [collapsed, setCollapsed] = useState(props.railCollapsed);
  const [help, setHelp] = useState(false);
  const open = useOpenPage();
  const { link } = useEnvironment();

  useShortcuts([
    { keys: "mod+k", label: "Search or jump", group: "Everywhere", run: props.onSearch },
    { keys: "/", label: "Search", group: "Everywhere", run: props.onSearch },
    { keys: "?", label: "This list", group: "Everywhere", run: () => setHelp(true) },
    ...pages.map((page) => ({
      keys: `g ${page.key}`,
      label: page.label,
      group: "Go to" as const,
      run: () => open(link(page.href)),
    })),
  ]);

  const onCollapsedChange = (next: boolean) => {
    setCollapsed(next);
    // biome-ignore lint/suspicious/noDocumentCookie: the server reads it for the next page; no library needed for one bit
    document.cookie = `${RAIL_COOKIE}=${next ? "narrow" : "wide"}; path=/; max-age=31536000; samesite=lax`;
  };

  return (
    <div className="min-h-dvh">
      <a
        href="#content"
        className="sr-only z-50 rounded-md bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <TopBar environmentSwitch={props.environmentSwitch} onSearch={props.onSearch} />
      <div className="flex">
        <Rail pages={pages} collapsed={collapsed} onCollapsedChange={onCollapsedChange} />
        <main id="content" tabIndex={-1} className="min-w-0 flex-1 pb-20 outline-none md:pb-8">
          {props.stateLine}
          {props.children}
        </main>
      </div>
      <BottomBar pages={pages} />
      {help ? <HelpDialog open onOpenChange={setHelp} /> : null}
    </div>
  );
}
