/** Root causes with their consequences beneath them. Pure. */

export interface CausedTarget {
  id: string;
  name: string;
  environment: string | null;
  /** name of the target that explains it */
  causedBy: string | null;
}

export interface TargetRow<T> {
  target: T;
  /** it stands under the row of what causes it */
  consequence: boolean;
}

/**
 * Keeps the given order, worst first, but lets each consequence follow its cause. A consequence whose cause is not in
 * the list stands where it is. A cause in the same environment wins over one of another name sake.
 */
export function groupTargets<T extends CausedTarget>(targets: readonly T[]): TargetRow<T>[] {
  const causeOf = new Map<T, T>();
  for (const target of targets) {
    if (!target.causedBy) continue;
    const named = targets.filter((other) => other.name === target.causedBy && other.id !== target.id);
    const cause = named.find((other) => other.environment === target.environment) ?? named[0];
    if (cause && !cause.causedBy) causeOf.set(target, cause);
  }
  return targets
    .filter((target) => !causeOf.has(target))
    .flatMap((target) => [
      { target, consequence: false },
      ...targets
        .filter((other) => causeOf.get(other) === target)
        .map((other) => ({ target: other, consequence: true })),
    ]);
}
