import type { ReactNode } from "react";
import { LogoIcon } from "../layout/navigation.ts";

/** The one surface of the pages before the console. */
export const AuthCard = ({ title, children }: { title: string; children: ReactNode }) => (
  <main className="mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center gap-6 px-4 py-10">
    <p className="flex items-center gap-2 font-semibold text-lg">
      <LogoIcon className="size-5 text-accent" aria-hidden="true" /> Operate
    </p>
    <section className="rounded-md border bg-surface p-5">
      <h1 className="mb-4 font-semibold text-xl tracking-tight">{title}</h1>
      <noscript>
        <p className="mb-4 text-sm">This console needs scripts. Allow them for its address, and load the page again.</p>
      </noscript>
      {children}
    </section>
  </main>
);
