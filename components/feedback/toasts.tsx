"use client";

import { useTheme } from "next-themes";
import { Toaster } from "sonner";

/** Short confirmations; whatever matters is also said in place. */
export function Toasts() {
  const { resolvedTheme } = useTheme();
  return (
    <Toaster
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
