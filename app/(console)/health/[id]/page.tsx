import type { Metadata } from "next";
import { HealthTargetPage } from "#components/health/health-target-page.tsx";

export const metadata: Metadata = { title: "Health check" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return <HealthTargetPage id={decodeURIComponent(id)} />;
}
