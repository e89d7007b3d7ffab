"use client";

import { useEffect, useState } from "react";

const SETTLE_MS = 300;

/** The value once it has not changed for a moment: for what is typed and asks the server. */
export function useSettled<T extends string | number>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
