import { type RefObject, useEffect, useState } from "react";

/**
 * Whether an element was in sight while `key` was shown: what is to be consented to must have been on the screen, which
 * on a phone it may not be. Put it at the end of what is to be read. Each key has to be seen anew; null is nothing to see.
 */
export function useWasSeen(element: RefObject<Element | null>, key: string | null): boolean {
  const [seen, setSeen] = useState<string | null>(null);
  useEffect(() => {
    if (!element.current || key === null) return;
    // begun anew with each key: what was in sight before it came may have been pushed out of it
    const observer = new IntersectionObserver((entries) => {
      if (entries.at(-1)?.isIntersecting) setSeen(key);
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, key]);
  return key !== null && seen === key;
}
