"use client";

import { cn } from "../lib/cn.ts";
import { useEnvironment } from "../lib/environment.tsx";
import { BADGE } from "../ui/badge.tsx";

/** How an environment looks wherever it is named. Production stands out: what happens there happens to customers. */

const PRODUCTION = "border border-production/60 bg-production-soft font-semibold text-production";

interface EnvironmentProps {
  name: string;
  className?: string;
}

/** Its name beside other text, and in tables. */
export function EnvironmentName({ name, className }: EnvironmentProps) {
  const { isProduction } = useEnvironment();
  return (
    <span className={cn(isProduction(name) ? "font-medium text-production" : "text-ink-3", className)}>{name}</span>
  );
}

/** Its name as a badge. @param warns nothing is shown but production */
export function EnvironmentBadge({ name, className, warns = false }: EnvironmentProps & { warns?: boolean }) {
  const { isProduction } = useEnvironment();
  const production = isProduction(name);
  if (warns && !production) return null;
  return <span className={cn(BADGE, production ? PRODUCTION : "bg-sunken text-ink-2", className)}>{name}</span>;
}

/** Classes of a control that chooses an environment, while `name` is chosen; null: all of them. */
export function useEnvironmentControl(name: string | null): string {
  const { isProduction } = useEnvironment();
  return isProduction(name) ? PRODUCTION : "border border-line-strong bg-surface text-ink";
}
