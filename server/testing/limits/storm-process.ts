import { Agent, request } from "node:http";

/** What the parent sends: "end" ends the storm that is on. */
export interface Storm {
  /** asked in turn by each connection */
  urls: string[];
  /** of each connection in turn; one that ends in `#` gets a number that no request had before, and an empty one is not sent */
  authorizations: string[];
  connections: number;
}

/** A process that asks without a pause while its parent wants it to; then tells how often each status was answered. */

let storm: { on: boolean; counts: Record<string, number> } | null = null;
let number = 0;
const agent = new Agent({ keepAlive: true });

const once = (url: string, authorization: string): Promise<string> =>
  new Promise((resolve) => {
    const outgoing = request(url, { agent, headers: authorization ? { authorization } : {} }, (incoming) => {
      incoming.resume().once("close", () => resolve(String(incoming.statusCode)));
    });
    outgoing.once("error", () => resolve("failed")).end();
  });

async function ask(connection: number, { urls, authorizations }: Storm, mine: NonNullable<typeof storm>) {
  const authorization = authorizations[connection % authorizations.length] ?? "";
  for (let i = connection; mine.on; i++) {
    const sent = authorization.endsWith("#") ? `${authorization.slice(0, -1)}${number++}` : authorization;
    const status = await once(urls[i % urls.length] ?? "", sent);
    mine.counts[status] = (mine.counts[status] ?? 0) + 1;
  }
}

process.on("message", (wanted: Storm | "end") => {
  if (storm) storm.on = false;
  if (wanted === "end") {
    if (process.connected) process.send?.(storm?.counts ?? {});
    storm = null;
    return;
  }
  const mine = { on: true, counts: {} };
  storm = mine;
  for (let i = 0; i < wanted.connections; i++) void ask(i, wanted, mine);
});
process.once("disconnect", () => process.exit(0));
