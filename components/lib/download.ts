"use client";

/** Gives the browser a file to save: `operate-<name>-<today>.<ending>`. */
export function download(name: string, ending: "csv" | "json", text: string): void {
  const type = ending === "csv" ? "text/csv;charset=utf-8" : "application/json";
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `operate-${name}-${new Date().toISOString().slice(0, 10)}.${ending}`;
  link.click();
  URL.revokeObjectURL(url);
}
