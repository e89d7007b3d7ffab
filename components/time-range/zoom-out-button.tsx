"use client";

import { ZoomOut } from "lucide-react";
import { Button } from "../ui/button.tsx";
import { useTimeRange } from "./time-range.tsx";
import { zoomedOut } from "./zoom-out.ts";

/** The way out of a zoom besides the back button; a range that follows the clock needs none. */
export function ZoomOutButton() {
  const { from, to, relative, setRange } = useTimeRange();
  if (relative) return null;
  return (
    <Button onClick={() => setRange(zoomedOut(from.getTime(), to.getTime(), Date.now()))}>
      <ZoomOut aria-hidden="true" /> Zoom out
    </Button>
  );
}
