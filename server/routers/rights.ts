import { TRPCError } from "@trpc/server";
import type { AgentContext } from "../agent/kernel/context.ts";
import { AppError } from "../agent/kernel/errors.ts";
import { startPeriodic } from "../agent/kernel/periodic.ts";
import { lesserRole } from "../agent/kernel/roles.ts";

/** How long what somebody may no longer see goes on at most: this, and one look-up. */
const RECHECK_MS = 5_000;

interface Watch {
  /** fires when the rights have ended; its reason is the error to answer */
  signal: AbortSignal;
  stop(): void;
}

/**
 * Looks every 5 s whether the caller is still who they were: token not revoked or expired, account not disabled, session
 * not ended, role not lowered. A look-up that fails is done again; reads fail by themselves while the database is away.
 */
function watchRights({ actor, recheck }: AgentContext): Watch {
  const ended = new AbortController();
  if (!recheck) return { signal: ended.signal, stop: () => {} };
  let first = true;
  const look = async () => {
    if (first) {
      first = false; // who calls has just been identified
      return;
    }
    const now = await recheck();
    if (now instanceof AppError) end("UNAUTHORIZED", now);
    else if (now.role !== actor.role && lesserRole(now.role, actor.role) === now.role)
      end("FORBIDDEN", new AppError("FORBIDDEN", `Your role is now ${now.role}. Ask again: you get what it may see.`));
  };
  const end = (code: TRPCError["code"], cause: AppError) => {
    ended.abort(new TRPCError({ code, message: cause.message, cause }));
    void periodic.stop();
  };
  const periodic = startPeriodic(RECHECK_MS, look, () => undefined);
  return { signal: ended.signal, stop: () => void periodic.stop() };
}

/** Settles when the signal fires, always with its reason. */
const whenAborted = (signal: AbortSignal) => {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  promise.catch(() => undefined); // awaited by whoever races it
  return { promise, forget: () => signal.removeEventListener("abort", onAbort) };
};

/** What a procedure that waits is given: a signal that fires with the rights, and a progress that falls silent. */
export interface RightsContext {
  rightsEnded: AbortSignal;
}

/** What ends the work of a call: that nobody waits for its answer, or that its caller may not have it any more. */
export const untilEnded = ({ rightsEnded }: RightsContext, signal: AbortSignal | undefined): AbortSignal =>
  AbortSignal.any([rightsEnded, ...(signal ? [signal] : [])]);

/**
 * The one path of everything that lasts: a query is answered with the refusal, a subscription ends with it, as soon as
 * the rights of the caller have ended. A write in one transaction is left to complete.
 */
export async function whileRightsLast<R extends { ok: boolean }>(
  agent: AgentContext,
  work: (rights: RightsContext) => Promise<R>,
): Promise<R> {
  const watch = watchRights(agent);
  const ended = whenAborted(watch.signal);
  let streams = false;
  try {
    const result = await Promise.race([work({ rightsEnded: watch.signal }), ended.promise]);
    const data = "data" in result ? result.data : undefined;
    if (!result.ok || !isStream(data)) return result;
    streams = true;
    return { ...result, data: endingWith(data, watch) };
  } finally {
    ended.forget();
    if (!streams) watch.stop();
  }
}

const isStream = (data: unknown): data is AsyncIterable<unknown> =>
  typeof data === "object" && data !== null && Symbol.asyncIterator in data;

/** The stream until its end or the end of the rights, whichever is first. */
async function* endingWith(stream: AsyncIterable<unknown>, watch: Watch): AsyncGenerator<unknown> {
  const iterator = stream[Symbol.asyncIterator]();
  try {
    while (true) {
      const ended = whenAborted(watch.signal);
      const next = await Promise.race([iterator.next(), ended.promise]).finally(ended.forget);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    watch.stop();
    // not awaited: one that waits for its next item settles when its own signal fires
    void iterator.return?.();
  }
}
