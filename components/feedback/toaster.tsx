"use client";

import { useTheme } from "next-themes";
import { Toaster as Sonner } from "sonner";

/** Short confirmations; whatever matters is also said in place. */
export function Toaster() {
  const { resolvedTheme } = useTheme();
  return (
    <Sonner
      theme={resolvedTheme === "dark" ? "dark" : "light"}
      position="bottom-right"
      toastOptions={{
        style: {
          background: "var(--surface)",
          color: "var(--ink)",
          border: "1px solid var(--line-strong)",
          borderRadius: 6,
          boxShadow: "none",
          fontFamily: "inherit",
        },
      }}
    />
  );
}
