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

type Id = z.infer<typeof ToolCall>["id"];

function writeOf(tools: ToolRegistry, call: unknown): { id: Id; path: string } | null {
  const { data } = ToolCall.safeParse(call);
  const tool = data && tools.find(data.params.name);
  return data && tool?.type === "mutation" ? { id: data.id, path: tool.path } : null;
}

/** The paths of the procedures that write and that a body calls, each as often as it does. */
export const writesIn = (tools: ToolRegistry, calls: readonly unknown[]): string[] =>
  calls.flatMap((call) => writeOf(tools, call)?.path ?? []);

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

const Refused = z.object({ id: ToolCall.shape.id.optional(), error: z.object({ message: z.string() }) });
const NOT_ASKED_RIGHT = "The protocol refused the call: it is not of the form MCP asks for.";

/** Which writes among `calls` the protocol refused, by path, and why, in its own words where it says them. */
export async function refusedWritesIn(
  response: Response,
  tools: ToolRegistry,
  calls: readonly unknown[],
): Promise<Map<string, string>> {
  const writes = calls.flatMap((call) => writeOf(tools, call) ?? []);
  const why = await refusalsIn(response);
  return new Map(
    writes.flatMap(({ id, path }) => {
      const said = why(id);
      return said === null ? [] : [[path, said]];
    }),
  );
}

/** Why the calls of a response were refused, by their ids: a batch is answered by an array, in any order. */
async function refusalsIn(response: Response): Promise<(id: Id) => string | null> {
  if (response.status === 499 || response.status >= 500 || response.status === 202) return () => null;
  if (!response.headers.get("content-type")?.includes("application/json")) return () => NOT_ASKED_RIGHT;
  const said: unknown = await response.clone().json();
  // one answer is about all that was sent, whatever its id
  if (!Array.isArray(said)) return () => Refused.safeParse(said).data?.error.message ?? null;
  const refused = said.flatMap((one: unknown) => Refused.safeParse(one).data ?? []);
  return (id) => refused.find((one) => one.id === id)?.error.message ?? null;
}
