/**
 * A listener whose exception never leaves the event it was called by, where it would end the process with every
 * balancer in it: it goes to `onThrown`, which ends what the event was about.
 */
export function catchErrors<A extends unknown[]>(
  onThrown: (error: unknown) => void,
  listener: (...given: A) => void,
): (...given: A) => void {
  return (...given) => {
    try {
      listener(...given);
    } catch (error) {
      onThrown(error);
    }
  };
}
