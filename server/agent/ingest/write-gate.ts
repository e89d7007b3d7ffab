export interface WriteGate {
  /** Waits for its turn; whatever weighs more than the gate lets through goes alone. Pass the same weight to `leave`. */
  enter(weight: number): Promise<void>;
  leave(weight: number): void;
}

/** Bounds what is decoded and not yet written: records weigh several times as much in memory as on the wire. */
export function createWriteGate(mostWeight: number): WriteGate {
  const waiting: { weight: number; open: () => void }[] = [];
  let inside = 0;
  const admit = () => {
    for (let next = waiting[0]; next && (inside === 0 || inside + next.weight <= mostWeight); next = waiting[0]) {
      waiting.shift();
      inside += next.weight;
      next.open();
    }
  };
  return {
    enter: (weight) =>
      new Promise((open) => {
        waiting.push({ weight, open });
        admit();
      }),
    leave(weight) {
      inside -= weight;
      admit();
    },
  };
}
