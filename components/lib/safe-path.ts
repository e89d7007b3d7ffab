/** Where to go after signing in: a path of this console, never another host. Anything else becomes "/". */
export function safePath(next: string | null | undefined): string {
  if (!next?.startsWith("/") || /^\/[/\\]/.test(next)) return "/";
  if (!URL.canParse(next, "http://here.invalid")) return "/";
  const url = new URL(next, "http://here.invalid");
  return url.host === "here.invalid" ? url.pathname + url.search + url.hash : "/";
}
