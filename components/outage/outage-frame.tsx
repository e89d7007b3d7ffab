"use client";

import dynamic from "next/dynamic";

/** A script of its own, which no page loads while the session can be read. */
export const OutageFrame = dynamic(() =>
  import("./outage-frame-content.tsx").then((module) => module.OutageFrameContent),
);

/** The same, of a session that takes long to be read. */
export const WaitingFrame = dynamic(() =>
  import("./outage-frame-content.tsx").then((module) => module.WaitingFrameContent),
);
