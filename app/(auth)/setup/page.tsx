import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { AuthCard } from "#components/auth/auth-card.tsx";
import { SetupForm } from "#components/auth/setup-form.tsx";
import { isSetupNeeded } from "#components/trpc/server.ts";

export const metadata: Metadata = { title: "Set up" };

export default async function Setup() {
  if (!(await isSetupNeeded())) redirect("/sign-in");
  return (
    <AuthCard title="Create the administrator">
      <SetupForm />
    </AuthCard>
  );
}
