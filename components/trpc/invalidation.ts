/** Which router paths a live topic makes stale. Pure, so that it can be tested without a browser. */
const STALE_PATHS: Record<string, readonly string[]> = {
  deployment: ["deploy", "services", "incidents"],
  incident: ["incidents", "services"],
  health: ["health", "services", "ingest"],
  service: ["services", "deploy"],
  audit: ["audit"],
  settings: ["settings", "tokens", "users", "session", "services"],
};

export interface Hint {
  topic: string;
  subjectId: string | null;
}

/** Queries about one deployment, and the key of their input that names it. */
const NARROW: Record<string, string> = {
  "deploy.get": "deploymentId",
  "deploy.detail": "deploymentId",
  "deploy.series": "deploymentId",
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/**
 * Whether a cached query is stale after these hints. `key` is tRPC's query key: `[["deploy","get"], { input }]`.
 * A query of one deployment is left alone when another one changed.
 */
export function isStaleAfter(key: readonly unknown[], hints: readonly Hint[]): boolean {
  const path = key[0];
  if (!Array.isArray(path)) return false;
  const input = isRecord(key[1]) && isRecord(key[1].input) ? key[1].input : {};
  const name = path.join(".");
  return hints.some((hint) => {
    if (!(STALE_PATHS[hint.topic] ?? []).includes(String(path[0]))) return false;
    const narrow = NARROW[name];
    if (!narrow || !hint.subjectId || hint.topic !== "deployment") return true;
    return input[narrow] === hint.subjectId;
  });
}
