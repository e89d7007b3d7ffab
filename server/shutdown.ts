/**
 * One signal for everything that would keep a connection open (live subscriptions), fired when the process is asked
 * to end. On globalThis because Next's bundles and the process around them do not share modules.
 */
const holder = globalThis as { __operateShutdown?: AbortController };
holder.__operateShutdown ??= new AbortController();
export const shutdown: AbortController = holder.__operateShutdown;
