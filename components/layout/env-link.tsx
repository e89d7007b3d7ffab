"use client";

import Link from "next/link";
import { type ComponentProps, useState } from "react";
import { useEnvironment } from "../lib/environment.tsx";

type LinkProps = Omit<ComponentProps<typeof Link>, "href"> & { href: string };

/**
 * Asks for its page when somebody points at it. A page of this console has dozens of links, and each one that came into
 * sight would ask the server just while that answers for the page itself.
 * Source: https://nextjs.org/docs/app/guides/prefetching#hover-triggered-prefetch
 */
export function PlainLink({ onPointerEnter, onFocus, ...props }: LinkProps) {
  const [near, setNear] = useState(false);
  return (
    <Link
      prefetch={near ? null : false}
      {...props}
      onPointerEnter={(event) => {
        setNear(true);
        onPointerEnter?.(event);
      }}
      onFocus={(event) => {
        setNear(true);
        onFocus?.(event);
      }}
    />
  );
}

/** A link inside the console: carries the chosen environment along. */
export function EnvLink({ href, ...props }: LinkProps) {
  const { link } = useEnvironment();
  return <PlainLink href={link(href)} {...props} />;
}

/** The link that goes with an environment: without one the page to come has none either, whatever the console's is. */
export const linkFor = (environment: string | undefined) => (environment === undefined ? PlainLink : EnvLink);
