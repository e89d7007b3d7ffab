/** Where the focus goes in a dialog that opens, and where it goes back to from one that closes. */

/** of each dialog that is drawn, what opened it: it may itself open another one and be gone when that closes */
const openers = new WeakMap<Element, Element | null>();

const FIRST_FIELD = "input:not([type=hidden], [hidden], :disabled), select:not(:disabled), textarea:not(:disabled)";

function take(element: Element | null | undefined): boolean {
  if (!(element instanceof HTMLElement) || !element.isConnected || element === document.body) return false;
  element.focus();
  return document.activeElement === element;
}

/** What opened what is gone: the button of a menu, or whatever opened the dialog around it. */
function behind(opener: Element): Element | null {
  const menu = opener.closest("[role=menu]")?.getAttribute("aria-labelledby");
  if (menu) return document.getElementById(menu);
  const dialog = opener.closest("[role=dialog]");
  return (dialog && openers.get(dialog)) ?? null;
}

/** Gives the focus back to what opened the dialog; where that is gone or takes none, to the heading of the page. */
export function giveBack(opener: Element | null): void {
  const met = new Set<Element>();
  for (let one = opener; one && !met.has(one); one = behind(one)) {
    if (take(one)) return;
    met.add(one);
  }
  const heading = document.querySelector<HTMLElement>("h1");
  if (!heading) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/** What a dialog's content is given: it begins in its first field, if it has one, and gives the focus back. */
export const focusOf = (opener: Element | null) => ({
  ref: (content: HTMLElement | null) => {
    if (content) openers.set(content, opener);
  },
  onOpenAutoFocus: (event: Event) => {
    const content = event.currentTarget;
    if (content instanceof HTMLElement && take(content.querySelector(FIRST_FIELD))) event.preventDefault();
  },
  onCloseAutoFocus: (event: Event) => {
    event.preventDefault();
    giveBack(opener);
  },
});
