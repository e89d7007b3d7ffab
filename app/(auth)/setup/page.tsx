import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { AuthCard } from "#components/auth/auth-card.tsx";
import { SetupForm } from "#components/auth/setup-form.tsx";
import { FramedRead } from "#components/outage/framed-read.tsx";
import { isSetupNeeded } from "#components/trpc/server.ts";

export const metadata: Metadata = { title: "Set up" };

export default function Setup() {
  return (
    <FramedRead read={isSetupNeeded}>
      {(isNeeded) =>
        isNeeded ? (
          <AuthCard title="Create the administrator">
            <SetupForm />
          </AuthCard>
        ) : (
          redirect("/sign-in")
        )
      }
    </FramedRead>
  );
}
