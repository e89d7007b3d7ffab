import type { ReactNode } from "react";
import { PAGES } from "../areas.ts";
import { AuthCard } from "../auth/auth-card.tsx";
import { FirstPassword } from "../auth/first-password.tsx";
import { Toasts } from "../feedback/toasts.tsx";
import { FramedRead } from "../outage/framed-read.tsx";
import { ApiProvider } from "../trpc/client.tsx";
import { Prefetched } from "../trpc/prefetched.tsx";
import { currentSession, type Reads, systemFacts } from "../trpc/server.ts";
import { SessionProvider } from "../trpc/session.tsx";
import { ConsoleShell } from "./console-shell.tsx";

/** What the frame shows of each page in navigation. */
const FRAME: Reads = (api, client) => PAGES.flatMap(({ badge }) => badge?.reads(api, client) ?? []);

/**
 * Server component: the console around a page for whoever is signed in, `stranger` for whoever is not. While the session
 * cannot be read, the frame without data and without the page.
 */
export const ConsoleEntry = ({ children, stranger }: { children: ReactNode; stranger: () => ReactNode }) => (
  <FramedRead read={currentSession}>
    {(me, railCollapsed) => (me ? signedIn(me, railCollapsed, children) : stranger())}
  </FramedRead>
);

type Me = NonNullable<Awaited<ReturnType<typeof currentSession>>>;

function signedIn(me: Me, railCollapsed: boolean, children: ReactNode): ReactNode {
  // the API answers nothing else before that
  if (me.mustChangePassword)
    return (
      <SessionProvider start={{ me, ...systemFacts() }}>
        <ApiProvider person={me.id}>
          <AuthCard title="Choose a password">
            <FirstPassword />
          </AuthCard>
        </ApiProvider>
      </SessionProvider>
    );
  return (
    <ApiProvider person={me.id}>
      <Prefetched reads={FRAME}>
        <ConsoleShell start={{ me, ...systemFacts() }} railCollapsed={railCollapsed}>
          {children}
        </ConsoleShell>
      </Prefetched>
      <Toasts />
    </ApiProvider>
  );
}
