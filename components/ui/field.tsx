import { type ComponentProps, type ReactNode, useId } from "react";
import { cn } from "../lib/cn.ts";

const CONTROL =
  "w-full rounded-md border border-line-strong bg-surface px-2.5 text-base text-ink placeholder:text-ink-3 disabled:opacity-60 aria-invalid:border-critical";

interface FieldProps {
  label: ReactNode;
  /** what is expected, under the control */
  hint?: ReactNode;
  /** what is wrong, instead of the hint; read out */
  error?: string | null | undefined;
  className?: string;
  /** gets id, aria-describedby and aria-invalid to spread on the control */
  children: (control: { id: string; "aria-describedby": string; "aria-invalid": boolean }) => ReactNode;
}

export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId();
  return (
    <div className={cn("flex flex-col gap-1", className)}>
      <label htmlFor={id} className="font-medium text-sm">
        {label}
      </label>
      {children({ id, "aria-describedby": `${id}-note`, "aria-invalid": Boolean(error) })}
      <p
        id={`${id}-note`}
        role={error ? "alert" : undefined}
        className={cn("text-xs", error ? "text-critical" : "text-ink-3")}
      >
        {error ?? hint}
      </p>
    </div>
  );
}

export const Input = ({ className, ...props }: ComponentProps<"input">) => (
  <input className={cn(CONTROL, "h-8", className)} {...props} />
);

export const Textarea = ({ className, ...props }: ComponentProps<"textarea">) => (
  <textarea className={cn(CONTROL, "min-h-20 py-1.5", className)} {...props} />
);

/** The browser's own select: works with every keyboard, screen reader and phone. */
export const Select = ({ className, children, ...props }: ComponentProps<"select">) => (
  <select className={cn(CONTROL, "h-8 pr-1", className)} {...props}>
    {children}
  </select>
);

export const Checkbox = ({ label, className, ...props }: ComponentProps<"input"> & { label: ReactNode }) => (
  <label className={cn("flex min-h-6 items-center gap-2 text-sm", className)}>
    <input type="checkbox" className="size-4 accent-accent" {...props} />
    <span>{label}</span>
  </label>
);
