import { formatSecond } from "../lib/format.ts";
import { useLive } from "../trpc/live.tsx";
import { Button, type ButtonProps } from "../ui/button.tsx";
import { Mark } from "./mark.tsx";

/** Where something acts that belongs to all of them. */
export const EVERY_ENVIRONMENT = "every environment";

export interface ActButtonProps extends Omit<ButtonProps, "children"> {
  /** where it acts; null for what has no environment, as a person or a token */
  environment: string | null;
  /** what it does; a function says itself where */
  label: string | ((environment: string | null) => string);
  /** said instead of the label while it runs; null while it does not */
  pending?: string | null;
}

/**
 * The button by which a dialog acts: it names the environment, so that nobody takes staging for production, and says
 * how old what one decides upon is while the page does not follow the system.
 */
export function ActButton({ environment, label, pending = null, ...props }: ActButtonProps) {
  const { lost } = useLive();
  return (
    <>
      {lost ? (
        <span role="status">
          <Mark tone="warning" className="text-sm max-sm:whitespace-normal">
            Not up to date: what you decide upon is as of {formatSecond(new Date(lost.asOf))}
          </Mark>
        </span>
      ) : null}
      <Button type="submit" variant="primary" {...props}>
        {pending ?? actLabel(label, environment)}
      </Button>
    </>
  );
}

/** "Resolve INC-7 in staging". */
function actLabel(label: ActButtonProps["label"], environment: string | null): string {
  if (typeof label === "function") return label(environment);
  return environment ? `${label} in ${environment}` : label;
}
