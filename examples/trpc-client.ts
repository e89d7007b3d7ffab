/**
 * The typed client: every procedure of the console, with types from the server and no generated code. Prints the
 * state of the services, then what changes while you watch.
 *
 *   OPERATE_TOKEN=opk_… node_modules/.bin/node examples/trpc-client.ts [seconds to watch, default 30]
 *
 * OPERATE_URL says where Operate is, when not at http://127.0.0.1:4310. A token is made under Settings → Tokens.
 */
import { setTimeout as delay } from "node:timers/promises";
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, TRPCClientError } from "@trpc/client";
import { EventSource } from "eventsource";
import type { AppRouter } from "../server/routers/index.ts";

const token = process.env.OPERATE_TOKEN;
const url = new URL("/api/trpc", process.env.OPERATE_URL ?? "http://127.0.0.1:4310").href;
const watchSeconds = Number(process.argv[2] ?? 30);

const authorization = `Bearer ${token}`;
const client = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: ({ type }) => type === "subscription",
      true: httpSubscriptionLink({
        url,
        EventSource,
        // the browser's EventSource knows no headers; this one takes a fetch that adds them
        eventSourceOptions: {
          fetch: (input: string | URL, init: RequestInit) =>
            fetch(input, { ...init, headers: { ...init.headers, authorization } }),
        },
      }),
      false: httpBatchLink({ url, headers: { authorization } }),
    }),
  ],
});

async function main(): Promise<void> {
  const me = await client.session.me.query();
  console.log(`Signed in as ${me.name}, ${me.role}.`);
  const { summary, rows } = await client.services.list.query({});
  console.log(summary);
  for (const row of rows)
    console.log(`  ${row.service}/${row.environment}  ${row.health}  ${row.currentVersion ?? "nothing runs"}`);

  console.log(`Watching for ${watchSeconds} s …`);
  const watching = client.live.events.subscribe(
    {},
    {
      onData: ({ data }) => console.log(`  changed: ${data.topic} ${data.subjectId ?? ""}`),
      onError: (error) => console.error(`  the live feed ended: ${error.message}`),
    },
  );
  await delay(watchSeconds * 1_000);
  watching.unsubscribe();
}

if (!token) {
  console.error("Set OPERATE_TOKEN to an API token. The console makes one under Settings → Tokens.");
  process.exitCode = 1;
} else {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof TRPCClientError)) throw error;
    const hint = error.message === "fetch failed" ? ". Start it with `npm start`, or set OPERATE_URL." : "";
    console.error(`${url}: ${error.message}${hint}`);
    process.exitCode = 1;
  }
}
