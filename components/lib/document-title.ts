"use client";

import { useEffect } from "react";

/** Names the tab after what the page shows; without the app's name, which is added. */
export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Operate`;
  }, [title]);
}
