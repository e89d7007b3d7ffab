"use client";

import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { VisibleText } from "../feedback/visible-text.tsx";
import { Button } from "../ui/button.tsx";

/** Text to take along. Where the browser refuses the clipboard (no https), it can still be selected. */
export function CopyText({ label, text }: { label: string; text: string }) {
  const [state, setState] = useState<"ready" | "copied" | "refused">("ready");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState("copied");
    } catch {
      setState("refused");
    }
  };
  return (
    <div className="overflow-hidden rounded-md border bg-sunken">
      <div className="flex min-h-8 items-center gap-2 border-b pl-2.5 text-xs">
        <span className="text-ink-3">{label}</span>
        <span role="status" className="ml-auto text-ink-2">
          {state === "copied" ? "Copied" : state === "refused" ? "The browser refused: select it and copy" : ""}
        </span>
        <Button variant="ghost" size="sm" onClick={() => void copy()} aria-label={`Copy: ${label}`}>
          {state === "copied" ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />} Copy
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must be able to reach it */}
      <pre tabIndex={0} className="num select-all overflow-x-auto p-2.5 text-xs leading-5">
        <VisibleText text={text} />
      </pre>
    </div>
  );
}
