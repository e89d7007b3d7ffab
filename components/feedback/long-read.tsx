"use client";

import { useState } from "react";
import { formatDuration } from "../lib/format.ts";
import { Button } from "../ui/button.tsx";
import { useClock } from "./time.tsx";

/** shorter ones need no words */
const SPOKEN_AFTER_MS = 1_500;

interface LongReadProps {
  doing: string;
  onCancel: () => void;
  /** a shorter read is not spoken of */
  afterMs?: number;
}

/** What a long read does now, for how long, and the way to stop it. Stands nowhere while there is nothing to say. */
export const LongRead = ({ active, ...running }: LongReadProps & { active: boolean }) =>
  active ? <Running {...running} /> : null;

function Running({ doing, onCancel, afterMs = SPOKEN_AFTER_MS }: LongReadProps) {
  const [since] = useState(() => Date.now());
  const elapsed = useClock((now) => (now - since < afterMs ? "" : formatDuration(now - since)));
  if (!elapsed) return null;
  return (
    <span className="flex items-center gap-2 text-ink-2 text-xs">
      <span role="status">{doing}</span>
      <span className="num">{elapsed}</span>
      <Button size="sm" className="h-6" onClick={onCancel}>
        Cancel
      </Button>
    </span>
  );
}
