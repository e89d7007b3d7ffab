import type { Metadata } from "next";
import { ComparePage } from "#components/compare/compare-page.tsx";

export const metadata: Metadata = { title: "Compare versions" };

export default function Compare() {
  return <ComparePage />;
}
