"use client";

import { useSearchParams } from "next/navigation";
import { useState } from "react";

/**
 * Text of a box that filters as it is typed, kept in the URL. It is written at once: a write that waits its turn, as
 * those of sorting do, would come after a click on what was found and take that back.
 */
export function useUrlText(parameter: string): [string, (text: string) => void] {
  const asked = useSearchParams().get(parameter) ?? "";
  const [text, setText] = useState(asked);
  const write = (next: string) => {
    setText(next);
    const query = new URLSearchParams(window.location.search);
    if (next) query.set(parameter, next);
    else query.delete(parameter);
    const written = query.toString();
    window.history.replaceState(null, "", `${window.location.pathname}${written ? `?${written}` : ""}`);
  };
  return [text, write];
}
