/** What is being typed for an incident, kept for this tab. A browser that refuses storage only loses the draft. */

const keyOf = (incidentId: string) => `operate.incident-note.${incidentId}`;

function storage(): Storage | null {
  try {
    return typeof window === "undefined" ? null : window.sessionStorage;
  } catch {
    return null; // blocked by the browser's settings
  }
}

export const readDraft = (incidentId: string): string => storage()?.getItem(keyOf(incidentId)) ?? "";

export function keepDraft(incidentId: string, text: string): void {
  const store = storage();
  if (text) store?.setItem(keyOf(incidentId), text);
  else store?.removeItem(keyOf(incidentId));
}
