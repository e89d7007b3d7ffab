import { join, resolve } from "node:path";
import { socketPath } from "../integrations/local/state/paths.ts";

/** The socket on which the collector of a data directory takes what the web process passes on. */
export const collectorSocket = (dataDir: string): string =>
  socketPath(join(resolve(dataDir), "collector"), "ingest.sock");

/** Headers between the web process and the collector; what a client sends under these names is dropped. */
export const SENDER_HEADER = "x-operate-sender";
/** what else is known of the sender, as JSON in base64url: whether it is Operate itself, and for whom it may write */
export const REACH_HEADER = "x-operate-sender-reach";
