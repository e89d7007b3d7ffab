/**
 * The cookies of Operate's own console: its session and what it remembers of its looks. On one host a browser sends
 * them to every port, so also to the services Operate runs, which must not see them. `operate.` and `operate-<id>.`
 * are reserved names.
 */
const CONSOLE_COOKIE = /^[\t ]*(?:__(?:Secure|Host)-)?operate(?:[-_][\w-]*)?\./i;

/** Whether a Set-Cookie header's value would replace a cookie of the console. Browsers send a nameless one as its value. */
export const setsConsoleCookie = (value: string): boolean => CONSOLE_COOKIE.test(value.replace(/^[\t ]*=/, ""));

/** A Cookie header's value without the console's own, all others byte for byte; null when none is left. */
export function withoutConsoleCookies(value: string): string | null {
  if (!value.toLowerCase().includes("operate")) return value;
  const all = value.split(";");
  const kept = all.filter((one) => !CONSOLE_COOKIE.test(one));
  if (kept.length === all.length) return value;
  const rest = kept.join(";");
  return rest.trim() === "" ? null : rest.replace(/^[\t ]+/, "");
}
