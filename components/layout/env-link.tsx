"use client";

import Link from "next/link";
import type { ComponentProps } from "react";
import { useEnvironment } from "../lib/environment.tsx";

/** A link inside the console: carries the chosen environment along. */
export function EnvLink({ href, ...props }: Omit<ComponentProps<typeof Link>, "href"> & { href: string }) {
  const { link } = useEnvironment();
  return <Link href={link(href)} {...props} />;
}

/** The link that goes with an environment: without one the page to come has none either, whatever the console's is. */
export const linkFor = (environment: string | undefined) => (environment === undefined ? Link : EnvLink);
