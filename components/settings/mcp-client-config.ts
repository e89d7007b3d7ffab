/** What most MCP clients take as their list of servers. `origin` as in https://operate.example.com. */
export const mcpClientConfig = (origin: string, secret: string): string =>
  JSON.stringify(
    {
      mcpServers: {
        operate: { type: "http", url: `${origin}/api/mcp`, headers: { Authorization: `Bearer ${secret}` } },
      },
    },
    null,
    2,
  );
