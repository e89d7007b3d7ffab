"use client";

import { useId } from "react";
import { Select } from "../ui/field.tsx";

interface FacetProps<T extends string> {
  label: string;
  /** null: any */
  value: T | null;
  onChange: (value: T | null) => void;
  options: readonly (T | { value: T; label: string })[];
}

/** One filter of a list, with "any" first. Keep its value in the URL. */
export function Facet<T extends string>({ label, value, onChange, options }: FacetProps<T>) {
  const id = useId();
  const all = options.map((option) => (typeof option === "string" ? { value: option, label: option } : option));
  const unknown = value !== null && !all.some((option) => option.value === value);
  return (
    <div className="flex items-center gap-1.5 text-sm">
      <label htmlFor={id} className="whitespace-nowrap text-ink-3">
        {label}
      </label>
      <Select
        id={id}
        className="w-auto min-w-24"
        value={value ?? ""}
        onChange={(event) => onChange(all.find((option) => option.value === event.target.value)?.value ?? null)}
      >
        <option value="">any</option>
        {unknown ? <option value={value}>{value}</option> : null}
        {all.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </Select>
    </div>
  );
}
