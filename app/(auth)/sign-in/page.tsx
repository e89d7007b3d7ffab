import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { AuthCard } from "#components/auth/auth-card.tsx";
import { SignInForm } from "#components/auth/sign-in-form.tsx";
import { safePath } from "#components/lib/safe-path.ts";
import { oneOf, type SearchParams } from "#components/lib/search-params.ts";
import { FramedRead } from "#components/outage/framed-read.tsx";
import { currentSession, isSetupNeeded } from "#components/trpc/server.ts";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignIn({ searchParams }: { searchParams: SearchParams }) {
  const path = safePath(oneOf((await searchParams).next));
  const elsewhere = async () => ((await currentSession()) ? path : (await isSetupNeeded()) ? "/setup" : null);
  return (
    <FramedRead read={elsewhere}>
      {(place) =>
        place === null ? (
          <AuthCard title="Sign in">
            <SignInForm next={path} />
          </AuthCard>
        ) : (
          redirect(place)
        )
      }
    </FramedRead>
  );
}
