import Link from "next/link";
import { buttonClass } from "#components/ui/button.tsx";

export default function NotFound() {
  return (
    <main className="mx-auto flex max-w-xl flex-col items-start gap-3 px-4 py-24">
      <h1 className="font-semibold text-xl">There is no such page</h1>
      <p className="text-ink-2">The address may be mistyped, or what it named is gone.</p>
      <Link className={buttonClass()} href="/">
        Go to the overview
      </Link>
    </main>
  );
}
