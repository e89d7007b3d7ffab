"use client";

import { createParser, parseAsStringLiteral, useQueryState } from "nuqs";
import { EMPTY_PANEL, MOST_PANELS, type PanelQuery, readPanels, writePanels } from "./prepare/panel-query.ts";

const parseAsPanels = createParser({
  parse: readPanels,
  serialize: writePanels,
  eq: (a, b) => writePanels(a) === writePanels(b),
});

/** The panels of the explorer, kept in its URL: the back button undoes each change. */
export function usePanels() {
  const [panels, setPanels] = useQueryState(
    "panels",
    parseAsPanels.withDefault([EMPTY_PANEL]).withOptions({ history: "push" }),
  );
  const [source, setSource] = useQueryState("source", parseAsStringLiteral(["built-in", "external"] as const));
  const write = (next: PanelQuery[]) => void setPanels(next.length > 0 ? next : null);
  return {
    ...{ panels, source },
    setSource: (next: typeof source) => void setSource(next),
    change: (index: number, change: Partial<PanelQuery>) =>
      write(panels.map((panel, i) => (i === index ? { ...panel, ...change } : panel))),
    remove: (index: number) => write(panels.filter((_, i) => i !== index)),
    add: panels.length < MOST_PANELS ? () => write([...panels, EMPTY_PANEL]) : null,
  };
}
