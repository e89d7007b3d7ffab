/** Header of the console's calls: the id of the person whom their page was made for. */
export const PAGE_PERSON_HEADER = "x-operate-person";

/** What people and agents may be. */
export const ROLES = ["viewer", "responder", "operator", "admin"] as const;
/** What a token may be besides: `ingest` sends telemetry and can do nothing else. */
export const TOKEN_ROLES = ["ingest", ...ROLES] as const;
