/**
 * An MCP client, as an agent is one: lists the tools its token may use, then calls one.
 *
 *   OPERATE_TOKEN=opk_… node_modules/.bin/node examples/mcp-client.ts [tool] ['{"its": "arguments"}']
 *
 * Without a tool it calls list_services. OPERATE_URL says where Operate is, when not at http://127.0.0.1:4310.
 * A token is made under Settings → Tokens.
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const token = process.env.OPERATE_TOKEN;
const url = new URL("/api/mcp", process.env.OPERATE_URL ?? "http://127.0.0.1:4310");
const [tool = "list_services", given = "{}"] = process.argv.slice(2);

async function main(): Promise<void> {
  const client = new Client({ name: "example", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(
    new StreamableHTTPClientTransport(url, { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
  );
  try {
    const { tools } = await client.listTools();
    for (const { name, annotations, title } of tools)
      console.log(`${annotations?.readOnlyHint ? "read " : "write"}  ${name.padEnd(20)} ${title ?? ""}`);

    console.log(`\n${tool} ${given}`);
    const result = await client.callTool({ name: tool, arguments: JSON.parse(given) });
    for (const part of result.content) if (part.type === "text") console.log(part.text);
    if (result.isError) process.exitCode = 2;
  } finally {
    await client.close();
  }
}

if (!token) {
  console.error("Set OPERATE_TOKEN to an API token. The console makes one under Settings → Tokens.");
  process.exitCode = 1;
} else {
  await main().catch((error: Error) => {
    const hint = error.message.includes("fetch failed") ? ". Start it with `npm start`, or set OPERATE_URL." : "";
    console.error(`${url.href}: ${error.message}${hint}`);
    process.exitCode = 1;
  });
}
