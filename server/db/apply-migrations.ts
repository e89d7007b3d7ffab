import { workerData } from "node:worker_threads";
import { z } from "zod";
import { openSchemaEngine } from "./schema-engine.ts";

/**
 * A thread of its own for Prisma's schema engine: with its end the engine's memory is given back, and each engine has
 * its glue code for itself.
 */
const { url, migrations } = z
  .object({ url: z.string(), migrations: z.array(z.object({ name: z.string(), script: z.string() })) })
  .parse(workerData);

const engine = await openSchemaEngine(url);
try {
  await engine.apply(migrations);
} finally {
  await engine.close();
}
// ends the thread only; the engine holds on to a connection for ten seconds more
process.exit();
