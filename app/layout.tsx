import "./globals.css";
import { GeistMono } from "geist/font/mono";
import { GeistSans } from "geist/font/sans";
import type { Metadata, Viewport } from "next";
import { headers } from "next/headers";
import { ThemeProvider } from "next-themes";
import type { ReactNode } from "react";
import { EarlyInput } from "#components/layout/early-input.tsx";
import { cn } from "#components/lib/cn.ts";

export const metadata: Metadata = {
  title: { default: "Operate", template: "%s · Operate" },
  description: "One console and one MCP endpoint for operations.",
  robots: { index: false, follow: false },
};

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f9fafb" },
    { media: "(prefers-color-scheme: dark)", color: "#0b0e13" },
  ],
};

export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get("x-nonce");
  return (
    <html lang="en" className={cn(GeistSans.variable, GeistMono.variable)} suppressHydrationWarning>
      <body>
        <EarlyInput nonce={nonce} />
        <ThemeProvider attribute="class" enableSystem disableTransitionOnChange {...(nonce ? { nonce } : {})}>
          {children}
        </ThemeProvider>
      </body>
    </html>
  );
}
