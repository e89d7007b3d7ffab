import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { Toasts } from "#components/feedback/toasts.tsx";
import { RAIL_COOKIE } from "#components/layout/rail-cookie.ts";
import { ConsoleShell } from "#components/shell/console-shell.tsx";
import { ApiProvider } from "#components/trpc/client.tsx";
import { currentSession } from "#components/trpc/server.ts";

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const me = await currentSession();
  if (!me) redirect(`/sign-in?next=${encodeURIComponent((await headers()).get("x-path") ?? "/")}`);
  const rail = (await cookies()).get(RAIL_COOKIE)?.value;
  return (
    <ApiProvider>
      <ConsoleShell me={me} railCollapsed={rail === "narrow"}>
        {children}
      </ConsoleShell>
      <Toasts />
    </ApiProvider>
  );
}
