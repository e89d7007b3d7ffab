import { RefreshCw } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "../lib/cn.ts";
import { Button } from "../ui/button.tsx";
import { Mark } from "./mark.tsx";
import { Sentence } from "./sentence.tsx";

interface ErrorPanelProps {
  /** what could not be done: "The deployments could not be read" */
  title: string;
  message: string;
  requestId?: string | null | undefined;
  /** of an error while a page was rendered: the same for all pages it befell, and in the log beside it */
  digest?: string | undefined;
  /** what else helps: a link to the list of what there is */
  action?: ReactNode;
  onRetry?: (() => void) | undefined;
  retrying?: boolean;
  className?: string;
}

/** What failed, what to do, and the number to find it by in the log. */
export function ErrorPanel({
  title,
  message,
  requestId,
  digest,
  action,
  onRetry,
  retrying,
  className,
}: ErrorPanelProps) {
  return (
    <div role="alert" className={cn("flex flex-col items-start gap-2 px-4 py-6", className)}>
      <Mark tone="critical" className="font-medium">
        {title}
      </Mark>
      <p className="max-w-prose whitespace-pre-line text-ink-2 text-sm">
        <Sentence text={message} />
      </p>
      {requestId && !message.includes(requestId) ? (
        <p className="text-ink-3 text-xs">
          Request <code className="num select-all">{requestId}</code>
        </p>
      ) : null}
      {digest ? (
        <p className="text-ink-3 text-xs">
          Error digest <code className="num select-all">{digest}</code>, as in the log
        </p>
      ) : null}
      {onRetry ? (
        <Button size="sm" onClick={onRetry} disabled={retrying}>
          <RefreshCw /> Try again
        </Button>
      ) : null}
      {action}
    </div>
  );
}
