import Link from "next/link";
import { ConsoleEntry } from "#components/shell/console-entry.tsx";
import { PageHydrated } from "#components/trpc/hydration.tsx";
import { buttonClass } from "#components/ui/button.tsx";

/** Within the console's frame for whoever is signed in; its answer stays 404 for everybody. */
export default function NotFound() {
  return (
    <ConsoleEntry
      stranger={() => (
        <main>
          <NoSuchPage />
        </main>
      )}
    >
      <NoSuchPage />
    </ConsoleEntry>
  );
}

const NoSuchPage = () => (
  <div className="mx-auto flex max-w-xl flex-col items-start gap-3 px-4 py-16">
    <h1 className="font-semibold text-xl">There is no such page</h1>
    <p className="text-ink-2">The address may be mistyped, or what it named is gone.</p>
    <Link className={buttonClass()} href="/">
      Go to the overview
    </Link>
    <PageHydrated />
  </div>
);
