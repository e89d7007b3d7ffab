"use client";

import { useEffect, useEffectEvent, useState } from "react";
import { askStorage, waitBefore } from "./ask-storage.ts";

/**
 * Asks again and again whether the storage is back, and calls `onBack` when it is; `known` is what the server said.
 * Of a failure with another cause (`known` null, and the first answer is that all is well) nothing is tried again.
 * Returns what is the matter, or null. Only a server that answers is asked for the page: a page that cannot be fetched
 * would be replaced by the browser's own.
 */
export function useRecovery(known: string | null, onBack: () => void): string | null {
  const [outage, setOutage] = useState(known);
  const back = useEffectEvent(onBack);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    let wasAway = known !== null;
    const ask = async (attempt: number) => {
      const answer = await askStorage();
      if (ended) return;
      if (answer.outage !== null) {
        wasAway = true;
        setOutage(answer.outage);
      } else if (wasAway) back();
      else return;
      timer = setTimeout(() => void ask(attempt + 1), waitBefore(attempt));
    };
    timer = setTimeout(() => void ask(0), known === null ? 0 : waitBefore(0));
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, [known]);
  return outage;
}
