import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { AuthCard } from "#components/auth/auth-card.tsx";
import { SignInForm } from "#components/auth/sign-in-form.tsx";
import { safePath } from "#components/lib/safe-path.ts";
import { currentSession, isSetupNeeded } from "#components/trpc/server.ts";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignIn({ searchParams }: { searchParams: Promise<{ next?: string | string[] }> }) {
  const { next } = await searchParams;
  const path = safePath(Array.isArray(next) ? next[0] : next);
  if (await currentSession()) redirect(path);
  if (await isSetupNeeded()) redirect("/setup");
  return (
    <AuthCard title="Sign in">
      <SignInForm next={path} />
    </AuthCard>
  );
}
