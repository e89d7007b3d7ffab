import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What the health benchmark checks: answers 200 at once, from a process of its own. */
const server = createServer((_, response) => response.end("ok"));
server.keepAliveTimeout = 1_000;
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.once("disconnect", () => process.exit(0));
