"use client";

const TYPES = { csv: "text/csv;charset=utf-8", json: "application/json" };

/** "Services, worst first" → "services-worst-first-2026-11-22T140307Z.csv". */
export function fileName(of: string, ending: keyof typeof TYPES, at: Date): string {
  const words = of.toLowerCase().match(/[a-z0-9]+/g) ?? ["operate"];
  return `${words.join("-")}-${at.toISOString().slice(0, 19).replaceAll(":", "")}Z.${ending}`;
}

/** Gives the browser a file to save, named by what is in it and the time. */
export function download(of: string, ending: keyof typeof TYPES, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: TYPES[ending] }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName(of, ending, new Date());
  link.click();
  URL.revokeObjectURL(url);
}
