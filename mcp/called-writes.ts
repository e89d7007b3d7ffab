import { z } from "zod";
import { withBoundedBody } from "#server/limits/bounded-body.ts";
import type { ToolRegistry } from "./registry.ts";

/** of a request that is refused before it is read: more is not read for the audit log */
const MOST_READ_BYTES = 64_000;
/** what is said of a request whose calls are not known */
const UNREAD = "mcp.request";

// a call without an id is a notification, which does nothing
const ToolCall = z.object({
  id: z.union([z.string(), z.number(), z.null()]),
  method: z.literal("tools/call"),
  params: z.object({ name: z.string() }),
});

/** The paths of the procedures that write and that a body calls, each as often as it does. */
export function writesIn(tools: ToolRegistry, calls: readonly unknown[]): string[] {
  return calls.flatMap((call) => {
    const tool = tools.find(ToolCall.safeParse(call).data?.params.name ?? "");
    return tool?.type === "mutation" ? [tool.path] : [];
  });
}

/** The writes of a request that was refused unread; `mcp.request` for one that is too large to be looked at. */
export async function writesOfUnread(tools: ToolRegistry, request: Request): Promise<string[]> {
  if (request.body === null) return [];
  if (request.bodyUsed) return [UNREAD];
  const read = await withBoundedBody(request, MOST_READ_BYTES).catch(() => null);
  if (read === null) return [UNREAD];
  try {
    const body: unknown = JSON.parse(await read.text());
    return writesIn(tools, Array.isArray(body) ? body : [body]);
  } catch {
    return []; // no JSON holds no call
  }
}

/** Why the protocol refused a request, in its own words where it says them; null when it refused nothing. */
export async function refusalIn(response: Response): Promise<string | null> {
  if (response.status === 499 || response.status >= 500) return null;
  if (!response.headers.get("content-type")?.includes("application/json"))
    return response.status === 202 ? null : "The protocol refused the call: it is not of the form MCP asks for.";
  const said = Refused.safeParse(await response.clone().json());
  return said.success ? said.data.error.message : null;
}

const Refused = z.object({ error: z.object({ message: z.string() }) });
