/**
 * The page is drawn before its scripts run. What is pressed or sent in between would be lost, and a browser sends a form
 * by itself: with what was typed, a password too, in the address. So this script, which comes before all others, holds
 * it and does it once React has taken over what was pressed, for a minute at most: after that it is let go.
 */
export const EarlyInput = ({ nonce }: { nonce: string | null }) => (
  <script
    {...(nonce ? { nonce } : {})}
    suppressHydrationWarning // browsers hide the nonce
    // biome-ignore lint/security/noDangerouslySetInnerHtml: our own text, without any input
    dangerouslySetInnerHTML={{ __html: `(${holdEarlyInput.toString()})()` }}
  />
);

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** It runs in the browser as text: it uses nothing from outside of it. */
function holdEarlyInput(): void {
  const PATIENCE_MS = 60_000;
  const REACT_PROPS = "__reactProps$"; // React writes them on what it takes over
  const PROBE = "auxclick"; // React hears it, nobody of us does, and it does nothing to a button or a form
  let held: { element: Element; text: string | null; act: () => void; untilMs: number } | null = null;

  const isTakenOver = (element: Element): boolean => Object.keys(element).some((key) => key.startsWith(REACT_PROPS));

  /** The props are there before React listens for it. An event that it cannot handle yet, it stops, and hurries. */
  const isHeard = (element: Element): boolean => {
    if (!isTakenOver(element)) return false;
    let passed = false;
    const pass = () => {
      passed = true;
    };
    addEventListener(PROBE, pass);
    element.dispatchEvent(new MouseEvent(PROBE, { bubbles: true, cancelable: true }));
    removeEventListener(PROBE, pass);
    return passed;
  };

  const hold = (event: Event, element: Element, act: () => void): void => {
    event.preventDefault();
    event.stopImmediatePropagation();
    const waiting = held !== null;
    // the last one counts: who sees nothing happen presses again
    held = { element, text: element.textContent, act, untilMs: performance.now() + PATIENCE_MS };
    if (!waiting) setTimeout(doWhatIsHeld, 20);
  };

  /** What was typed or chosen: what React takes over, it sets to what it knows itself. */
  const typed = new Map<Field, { tell: () => void; untilMs: number }>();
  const heard = new Set<Field>();
  let isTelling = false;

  const tellWhatWasTyped = (): void => {
    for (const [field, { tell, untilMs }] of typed) {
      const isGone = !field.isConnected || performance.now() > untilMs; // or it is somebody else's: nobody waits for it
      const wasHeard = heard.has(field);
      if (isHeard(field)) heard.add(field);
      if (!isGone && !wasHeard) continue; // the effects of what is just heard run after this
      typed.delete(field);
      if (!isGone) tell();
    }
    isTelling = typed.size > 0;
    if (isTelling) later(tellWhatWasTyped);
  };
  // in an idle moment: the effects that set a field to its first value have run by then
  const later = (work: () => void): void => {
    if ("requestIdleCallback" in window) setTimeout(() => requestIdleCallback(work, { timeout: 5_000 }), 50);
    else setTimeout(work, 200);
  };

  /** React hears of a change when the value differs from the last one that was set in its sight. */
  const write = (field: Field, value: string): void => {
    const setter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value")?.set;
    field.value = "";
    setter?.call(field, value);
    field.dispatchEvent(new Event(field instanceof HTMLSelectElement ? "change" : "input", { bubbles: true }));
  };

  const onInput = (event: Event): void => {
    const field = event.target;
    const isField =
      field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement || field instanceof HTMLSelectElement;
    // what is typed on in a field that is heard meanwhile is told with the rest
    if (!isField || (isHeard(field) && !typed.has(field))) return;
    const untilMs = performance.now() + PATIENCE_MS;
    if (field instanceof HTMLInputElement && (field.type === "checkbox" || field.type === "radio")) {
      const { checked } = field;
      typed.set(field, { tell: () => (field.checked === checked ? undefined : field.click()), untilMs });
    } else {
      const { value } = field;
      typed.set(field, { tell: () => write(field, value), untilMs });
    }
    if (!isTelling) later(tellWhatWasTyped);
    isTelling = true;
  };

  const doWhatIsHeld = (): void => {
    if (!held) return;
    const { element, text, act, untilMs } = held;
    // a button that now says something else is not the one that was pressed
    const isOther = element.tagName !== "FORM" && element.textContent !== text;
    const isGone = !element.isConnected || isOther || performance.now() > untilMs;
    // what was typed before comes first
    if (!isGone && (isTelling || !isHeard(element))) {
      setTimeout(doWhatIsHeld, 20);
      return;
    }
    held = null;
    if (!isGone) act();
  };

  const onClick = (event: MouseEvent): void => {
    const button = event.target instanceof Element ? event.target.closest("button, [role=button]") : null;
    if (!(button instanceof HTMLElement) || event.button !== 0 || isHeard(button)) return;
    if (button instanceof HTMLButtonElement && button.form && button.type === "submit") return; // sends its form
    const opensMenu = button.getAttribute("aria-haspopup") === "menu"; // a menu opens when the pointer goes down
    hold(event, button, () =>
      opensMenu
        ? button.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, cancelable: true, button: 0 }))
        : button.click(),
    );
  };
  const onSubmit = (event: SubmitEvent): void => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || isHeard(form)) return;
    hold(event, form, () => form.requestSubmit(event.submitter));
  };
  addEventListener("input", onInput, true);
  addEventListener("click", onClick, true);
  addEventListener("submit", onSubmit, true);
  // what is not React's by then is somebody else's: a browser extension may have buttons of its own in the page
  const stop = () => {
    removeEventListener("input", onInput, true);
    removeEventListener("click", onClick, true);
    removeEventListener("submit", onSubmit, true);
  };
  addEventListener("load", () => setTimeout(stop, PATIENCE_MS));
}
