import { headers } from "next/headers";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { ConsoleEntry } from "#components/shell/console-entry.tsx";

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const path = (await headers()).get("x-path") ?? "/";
  return <ConsoleEntry stranger={() => redirect(`/sign-in?next=${encodeURIComponent(path)}`)}>{children}</ConsoleEntry>;
}
