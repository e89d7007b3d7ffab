"use client";

import { useState } from "react";
import { Button } from "../ui/button.tsx";
import { Textarea } from "../ui/field.tsx";

interface PromqlBoxProps {
  promql: string;
  onRun: (promql: string) => void;
  /** back to a metric and its form; null where there is none */
  onForm: (() => void) | null;
}

/** A query written by hand. Control and Enter runs it; what is wrong with it the source says below. */
export function PromqlBox({ promql, onRun, onForm }: PromqlBoxProps) {
  const [draft, setDraft] = useState({ of: promql, text: promql });
  const text = draft.of === promql ? draft.text : promql;
  return (
    <form
      className="flex flex-col gap-2 border-b px-3 py-2"
      onSubmit={(event) => {
        event.preventDefault();
        onRun(text);
      }}
    >
      <Textarea
        aria-label="PromQL"
        className="num text-sm"
        rows={3}
        spellCheck={false}
        value={text}
        onChange={(event) => setDraft({ of: promql, text: event.target.value })}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onRun(text);
        }}
      />
      <span className="flex gap-2">
        <Button size="sm" type="submit" variant="primary" disabled={text.trim() === ""}>
          Run
        </Button>
        {onForm ? (
          <Button size="sm" variant="ghost" onClick={onForm}>
            Back to the form
          </Button>
        ) : null}
      </span>
    </form>
  );
}
