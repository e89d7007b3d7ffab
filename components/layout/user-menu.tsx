"use client";

import { KeyRound, LogOut } from "lucide-react";
import { toast } from "../feedback/toast.ts";
import { VisibleText } from "../feedback/visible-text.tsx";
import { signOut } from "../lib/sign-out.ts";
import { useMe } from "../trpc/session.tsx";
import { Menu, MenuItem, MenuLabel, MenuSeparator } from "../ui/menu.tsx";
import { useOpenPage } from "./open-page.tsx";

const initials = (name: string): string =>
  name
    .split(/[\s@._-]+/)
    .slice(0, 2)
    .map((part) => part.charAt(0).toUpperCase())
    .join("") || "?";

export function UserMenu() {
  const me = useMe();
  const open = useOpenPage();
  const leave = () => signOut().catch(() => toast.error("You are still signed in: Operate did not answer."));
  return (
    <Menu
      trigger={
        <button
          type="button"
          className="flex size-8 items-center justify-center rounded-full border border-line-strong bg-sunken font-medium text-xs"
        >
          <span aria-hidden="true">{initials(me.name)}</span>
          <span className="sr-only">
            <VisibleText text={me.name} />, account
          </span>
        </button>
      }
    >
      <MenuLabel>
        <span className="block font-medium text-ink text-sm">
          <VisibleText text={me.name} />
        </span>
        {me.email ? <span className="block">{me.email}</span> : null}
        <span className="block">role {me.role}</span>
      </MenuLabel>
      <MenuSeparator />
      <MenuItem onSelect={() => open("/settings?tab=account")}>
        <KeyRound aria-hidden="true" /> Password and tokens
      </MenuItem>
      <MenuItem onSelect={() => void leave()}>
        <LogOut aria-hidden="true" /> Sign out
      </MenuItem>
    </Menu>
  );
}
