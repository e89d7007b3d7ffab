import { useRef } from "react";

/**
 * What had the focus when a dialog began to open: asked while it is drawn, since a field of the dialog may take the
 * focus before any effect runs.
 */
export function useOpener(open: boolean): Element | null {
  const opener = useRef<Element | null>(null);
  const was = useRef(false);
  if (open && !was.current && typeof document !== "undefined") opener.current = document.activeElement;
  was.current = open;
  return opener.current;
}
