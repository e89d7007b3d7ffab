import type { RouterOutputs } from "../trpc/client.tsx";

/** An entry as it comes over the wire: a state that was not recorded is absent. */
export type AuditEntryView = RouterOutputs["audit"]["list"]["items"][number];
