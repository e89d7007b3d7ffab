import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

/** What an outside program does with an MCP server, whichever library it stands on. */
export interface McpTestClient {
  listTools(cursor?: string): Promise<{ tools: ListedTool[]; nextCursor?: string | undefined }>;
  /** `onProgress` makes the client ask to be told how far it is */
  callTool(name: string, args?: Record<string, unknown>, onProgress?: OnProgress): Promise<ToolAnswer>;
  serverInfo(): { name: string; version: string } | undefined;
  instructions(): string | undefined;
  close(): Promise<void>;
}

export type OnProgress = (told: { progress: number; total?: number | undefined; message?: string | undefined }) => void;

export interface ListedTool {
  name: string;
  title?: string | undefined;
  description?: string | undefined;
  inputSchema: unknown;
  outputSchema?: unknown;
  annotations?: Record<string, unknown> | undefined;
}

export interface ToolAnswer {
  isError: boolean;
  /** of the first text part */
  text: string;
  structuredContent: Record<string, unknown> | undefined;
}

/** The structured content of a call that went well. @throws Error with the text of one that did not. */
export function contentOf<T>({ isError, text, structuredContent }: ToolAnswer): T {
  if (isError || !structuredContent) throw new Error(`the tool call failed: ${text}`);
  return structuredContent as T;
}

export const MCP_CLIENTS = ["official v2, newest revision", "official v2, 2025 revision", "official v1"] as const;
export type McpClientKind = (typeof MCP_CLIENTS)[number];

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

interface Target {
  url: string;
  token: string;
  /** in-process instead of over a socket */
  fetch?: Fetch;
}

/** A connected official client. Both generations validate structured content against the tool's output schema. */
export async function connectMcp(kind: McpClientKind, { url, token, fetch }: Target): Promise<McpTestClient> {
  const options = { requestInit: { headers: { authorization: `Bearer ${token}` } }, ...(fetch && { fetch }) };
  const info = { name: "test", version: "1.0.0" };
  if (kind === "official v1") {
    const client = new OldClient(info);
    const transport = new OldTransport(new URL(url), options);
    await client.connect(transport as Parameters<OldClient["connect"]>[0]);
    return facade(client as unknown as AnyClient, (params, options) => client.callTool(params, undefined, options));
  }
  const client = new Client(
    info,
    kind === "official v2, newest revision" ? { versionNegotiation: { mode: "auto" } } : {},
  );
  await client.connect(new StreamableHTTPClientTransport(new URL(url), options));
  return facade(client as unknown as AnyClient, (params, options) => client.callTool(params, options));
}

/** The one method whose parameters differ between the generations. */
type Call = (
  params: { name: string; arguments: Record<string, unknown> },
  options: { onprogress?: OnProgress },
) => Promise<unknown>;

interface RawAnswer {
  isError?: boolean;
  content: { type: string; text?: string }[];
  structuredContent?: Record<string, unknown>;
}

interface AnyClient {
  listTools(params?: { cursor: string }): Promise<{ tools: ListedTool[]; nextCursor?: string }>;
  getServerVersion(): { name: string; version: string } | undefined;
  getInstructions(): string | undefined;
  close(): Promise<void>;
}

function facade(client: AnyClient, call: Call): McpTestClient {
  return {
    listTools: (cursor) => client.listTools(cursor === undefined ? undefined : { cursor }),
    async callTool(name, args = {}, onprogress) {
      const result = (await call({ name, arguments: args }, { ...(onprogress && { onprogress }) })) as RawAnswer;
      return {
        isError: result.isError === true,
        text: result.content.find((part) => part.type === "text")?.text ?? "",
        structuredContent: result.structuredContent,
      };
    },
    serverInfo: () => client.getServerVersion(),
    instructions: () => client.getInstructions(),
    close: () => client.close(),
  };
}
