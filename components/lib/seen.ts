import { type RefObject, useEffect, useState } from "react";

/** The lower fifth of the window may be under a bar of actions. */
const MARGIN = "0px 0px -20% 0px";

/**
 * Whether an element was in sight since `key` came: what is to be consented to must have been on the screen, which on a
 * phone it may not be. A new key has to be seen anew; null is nothing to see.
 */
export function useWasSeen(element: RefObject<Element | null>, key: string | null): boolean {
  const [inSight, setInSight] = useState(false);
  const [seen, setSeen] = useState<string | null>(null);
  useEffect(() => {
    if (!element.current) return;
    const observer = new IntersectionObserver((entries) => setInSight(entries.at(-1)?.isIntersecting ?? false), {
      rootMargin: MARGIN,
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  if (inSight && key !== null && seen !== key) setSeen(key);
  return key !== null && seen === key;
}
