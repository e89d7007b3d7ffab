"use client";

import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { Button } from "../../ui/button.tsx";

/** The trace's id, for a chat or another tool. */
export function CopyId({ id }: { id: string }) {
  const [state, setState] = useState<"ready" | "copied" | "refused">("ready");
  const copy = () =>
    navigator.clipboard
      .writeText(id)
      .then(() => setState("copied"))
      .catch(() => setState("refused"));
  return (
    <Button onClick={() => void copy()} title={id}>
      {state === "copied" ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
      <span role="status">
        {state === "copied" ? "Copied" : state === "refused" ? "The browser refused" : "Copy the trace id"}
      </span>
    </Button>
  );
}
