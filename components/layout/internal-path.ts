interface Click {
  button: number;
  metaKey: boolean;
  ctrlKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  defaultPrevented: boolean;
}

/**
 * The path that a click on a link opens in this tab of the console; null for any other: a new tab, another site, a file,
 * another place of the same page. `here` is the tab's address.
 */
export function internalPath(
  click: Click,
  anchor: { href: string; target: string; download: boolean },
  here: string,
): string | null {
  const { button, metaKey, ctrlKey, shiftKey, altKey, defaultPrevented } = click;
  if (button !== 0 || metaKey || ctrlKey || shiftKey || altKey || defaultPrevented) return null;
  if ((anchor.target && anchor.target !== "_self") || anchor.download) return null;
  const [to, from] = [URL.parse(anchor.href, here), new URL(here)];
  if (to?.origin !== from.origin) return null;
  const path = to.pathname + to.search;
  if (to.hash && path === from.pathname + from.search) return null;
  return path + to.hash;
}
