import type { ComponentProps } from "react";
import { cn } from "../lib/cn.ts";

const VARIANTS = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong border-transparent",
  secondary: "bg-surface text-ink hover:bg-hover border-line-strong",
  ghost: "bg-transparent text-ink-2 hover:bg-hover hover:text-ink border-transparent",
  danger: "bg-critical text-surface hover:opacity-90 border-transparent",
} as const;

const SIZES = {
  sm: "h-7 px-2 gap-1.5 text-sm",
  md: "h-8 px-3 gap-2 text-sm",
  icon: "size-8 justify-center",
} as const;

interface Look {
  variant?: keyof typeof VARIANTS;
  size?: keyof typeof SIZES;
  className?: string | undefined;
}

export interface ButtonProps extends Omit<ComponentProps<"button">, "className">, Look {}

/** How a button looks, for a link that looks like one. */
export const buttonClass = ({ variant = "secondary", size = "md", className }: Look = {}): string =>
  cn(
    "inline-flex shrink-0 select-none items-center whitespace-nowrap rounded-md border font-medium transition-colors",
    "disabled:cursor-not-allowed disabled:opacity-50 aria-disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0",
    VARIANTS[variant],
    SIZES[size],
    className,
  );

export const Button = ({ variant, size, className, type = "button", ...props }: ButtonProps) => (
  <button
    type={type}
    className={buttonClass({ ...(variant && { variant }), ...(size && { size }), className })}
    {...props}
  />
);
