import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { AuthCard } from "../auth/auth-card.tsx";
import { FirstPassword } from "../auth/first-password.tsx";
import { Toasts } from "../feedback/toasts.tsx";
import { RAIL_COOKIE } from "../layout/rail-cookie.ts";
import { UNRESOLVED } from "../marks/vocabulary.ts";
import { OutageFrame } from "../outage/outage-frame.tsx";
import { ApiProvider } from "../trpc/client.tsx";
import { Prefetched } from "../trpc/prefetched.tsx";
import { type Reads, sessionOrOutage, systemFacts } from "../trpc/server.ts";
import { SessionProvider } from "../trpc/session.tsx";
import { ConsoleShell } from "./console-shell.tsx";

const FRAME: Reads = (api, client) => [
  client.prefetchQuery(api.services.list.queryOptions({})),
  client.prefetchQuery(api.incidents.list.queryOptions({ status: [...UNRESOLVED], limit: 1 })),
];

/**
 * Server component: the console around a page for whoever is signed in, `stranger` for whoever is not. While the session
 * cannot be read, the frame without data and without the page.
 */
export async function ConsoleEntry({ children, stranger }: { children: ReactNode; stranger: () => ReactNode }) {
  const rail = (await cookies()).get(RAIL_COOKIE)?.value === "narrow";
  const { me, outage } = await sessionOrOutage();
  if (outage !== null) return <OutageFrame outage={outage} railCollapsed={rail} />;
  if (!me) return stranger();
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
  return (
    <ApiProvider>
      <Prefetched reads={FRAME}>
        <ConsoleShell start={{ me, ...systemFacts() }} railCollapsed={rail}>
          {children}
        </ConsoleShell>
      </Prefetched>
      <Toasts />
    </ApiProvider>
  );
}
