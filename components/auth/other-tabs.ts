/** One who signs in is signed in in all tabs of the browser: the tabs that still ask are told so. */
const SIGNED_IN = "operate-signed-in";

/** Tells the browser's other tabs that this person is signed in now. */
export function tellSignedIn(): void {
  const channel = new BroadcastChannel(SIGNED_IN);
  channel.postMessage("signed in");
  channel.close();
}

/** Opens `next`, a checked path of this console, once somebody signs in in another tab. Returns how to stop that. */
export function followSignIn(next: string): () => void {
  const channel = new BroadcastChannel(SIGNED_IN);
  channel.onmessage = () => window.location.assign(next);
  return () => channel.close();
}
