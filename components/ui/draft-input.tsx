"use client";

import { type ComponentProps, useState } from "react";
import { Input } from "./field.tsx";

interface DraftInputProps extends Omit<ComponentProps<"input">, "value" | "onChange" | "onBlur" | "onKeyDown"> {
  value: string;
  /** when Enter is pressed or the field is left, and it says something else than before */
  onWritten: (text: string) => void;
}

/** An input whose text counts once it is finished: for what is kept in the URL and asks the server. */
export function DraftInput({ value, onWritten, ...props }: DraftInputProps) {
  const [draft, setDraft] = useState<{ of: string; text: string } | null>(null);
  // what is typed stands until the value becomes another
  const text = draft && draft.of === value ? draft.text : value;
  const finish = () => {
    if (text.trim() !== value) onWritten(text.trim());
    setDraft(null);
  };
  return (
    <Input
      autoComplete="off"
      {...props}
      value={text}
      onChange={(event) => setDraft({ of: value, text: event.target.value })}
      onBlur={finish}
      onKeyDown={(event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        finish();
      }}
    />
  );
}
