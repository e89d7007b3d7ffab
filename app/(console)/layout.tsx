import { cookies, headers } from "next/headers";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { AuthCard } from "#components/auth/auth-card.tsx";
import { FirstPassword } from "#components/auth/first-password.tsx";
import { Toasts } from "#components/feedback/toasts.tsx";
import { RAIL_COOKIE } from "#components/layout/rail-cookie.ts";
import { UNRESOLVED } from "#components/marks/vocabulary.ts";
import { ConsoleShell } from "#components/shell/console-shell.tsx";
import { ApiProvider } from "#components/trpc/client.tsx";
import { Prefetched } from "#components/trpc/prefetched.tsx";
import { currentSession, type Reads, systemFacts } from "#components/trpc/server.ts";
import { SessionProvider } from "#components/trpc/session.tsx";

const FRAME: Reads = (api, client) => [
  client.prefetchQuery(api.services.list.queryOptions({})),
  client.prefetchQuery(api.incidents.list.queryOptions({ status: [...UNRESOLVED], limit: 1 })),
];

export default async function ConsoleLayout({ children }: { children: ReactNode }) {
  const me = await currentSession();
  if (!me) redirect(`/sign-in?next=${encodeURIComponent((await headers()).get("x-path") ?? "/")}`);
  // the API answers nothing else before that
  if (me.mustChangePassword)
    return (
      <SessionProvider start={{ me, ...systemFacts() }}>
        <ApiProvider>
          <AuthCard title="Choose a password">
            <FirstPassword />
          </AuthCard>
        </ApiProvider>
      </SessionProvider>
    );
  const rail = (await cookies()).get(RAIL_COOKIE)?.value;
  return (
    <ApiProvider>
      <Prefetched reads={FRAME}>
        <ConsoleShell start={{ me, ...systemFacts() }} railCollapsed={rail === "narrow"}>
          {children}
        </ConsoleShell>
      </Prefetched>
      <Toasts />
    </ApiProvider>
  );
}
