"use client";

import { withLocalTimes } from "./local-times.ts";
import { useHydrated } from "./time.tsx";
import { VisibleText } from "./visible-text.tsx";

/** A sentence of the server, with the times in it in the viewer's zone once that is known. */
export const Sentence = ({ text }: { text: string }) => (
  <VisibleText text={withLocalTimes(text, useHydrated() ? null : 0)} />
);
