"use client";

import type { ReactNode } from "react";
import { cn } from "../lib/cn.ts";

/** One of a few, side by side: a range, a view. Keep its value in the URL. */
export function Segmented<T extends string>({
  label,
  value,
  onChange,
  options,
}: {
  label: string;
  /** null: none of them */
  value: T | null;
  onChange: (value: T) => void;
  options: readonly { value: T; label: ReactNode; title?: string }[];
}) {
  return (
    <fieldset className="inline-flex h-8 items-center rounded-md border border-line-strong bg-surface p-0.5">
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
          title={option.title}
          className={cn(
            "inline-flex h-full items-center gap-1.5 rounded-sm px-2 text-sm hover:text-ink [&_svg]:size-4",
            option.value === value ? "bg-selected text-ink" : "text-ink-2",
          )}
        >
          {option.label}
        </button>
      ))}
    </fieldset>
  );
}
