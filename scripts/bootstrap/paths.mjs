import { resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");
export const inRoot = (...parts) => resolve(ROOT, ...parts);
