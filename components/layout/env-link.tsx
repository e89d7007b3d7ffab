"use client";

import Link from "next/link";
import type { ComponentProps } from "react";
import { useEnvironment } from "../lib/environment.ts";

/** A link inside the console: carries the chosen environment along. */
export function EnvLink({ href, ...props }: Omit<ComponentProps<typeof Link>, "href"> & { href: string }) {
  const { link } = useEnvironment();
  return <Link href={link(href)} {...props} />;
}
