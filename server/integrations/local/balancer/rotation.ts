/** Which instance takes the next request. Pure apart from the counters it is built to keep. */

export interface Candidate {
  instanceId: string;
  version: string;
  inFlight: number;
}

/** Whose turn it is: a check must not take one of the users', or those of a quiet service would all meet one version. */
interface Turns {
  credit: Map<string, number>;
  turn: number;
}

/**
 * The instances in rotation of one service. Versions share requests by smooth weighted round-robin (the method of
 * nginx), so 10 % means every tenth request, not one in ten by chance; within a version the instance with the fewest
 * requests in flight is taken, in turns when they are equal. A version that has no ready instance gives up its share;
 * when no weighted version has one, any other serves rather than nobody: first those of versions the weights do not
 * name, then those they give 0. A request may name its version.
 */
export class Rotation<T extends Candidate> {
  #candidates: readonly T[] = [];
  /** those whose version has a share; when none of them is ready, those that serve rather than nobody */
  #eligible: readonly T[] = [];
  /** those whose version was not given 0 */
  #notRefused: readonly T[] = [];
  #byVersion = new Map<string, T[]>();
  #weights: Record<string, number> | null = null;
  readonly #turns: Record<"users" | "checks", Turns> = {
    users: { credit: new Map(), turn: 0 },
    checks: { credit: new Map(), turn: 0 },
  };

  get candidates(): readonly T[] {
    return this.#candidates;
  }

  update(candidates: readonly T[], weights: Record<string, number> | null): void {
    this.#candidates = candidates;
    this.#weights = weights;
    this.#byVersion = Map.groupBy(candidates, (candidate) => candidate.version);
    const shared = weights === null ? candidates : candidates.filter(({ version }) => (weights[version] ?? 0) > 0);
    this.#notRefused = weights === null ? candidates : candidates.filter(({ version }) => weights[version] !== 0);
    this.#eligible = [shared, this.#notRefused, candidates].find((some) => some.length > 0) ?? candidates;
    for (const { credit } of Object.values(this.#turns))
      for (const version of credit.keys()) if (!this.#byVersion.has(version)) credit.delete(version);
  }

  /** The next instance, of `wish` when that version has one, passing over those tried; undefined when none is left. */
  pick(tried?: ReadonlySet<string>, wish?: string, whose: "users" | "checks" = "users"): T | undefined {
    const turns = this.#turns[whose];
    const wished = wish === undefined ? undefined : this.#byVersion.get(wish);
    const version = wished || this.#weights === null ? undefined : this.#pickVersion(this.#weights, turns.credit);
    const shared = version === undefined ? undefined : this.#byVersion.get(version);
    const preferred = wished ?? shared ?? this.#eligible;
    const first = this.#leastBusy(preferred, tried, turns);
    if (first !== undefined || tried === undefined) return first;
    for (const others of [this.#eligible, this.#notRefused, this.#candidates]) {
      const other = this.#leastBusy(others, tried, turns);
      if (other !== undefined) return other;
    }
    return undefined;
  }

  #pickVersion(weights: Record<string, number>, credits: Map<string, number>): string | undefined {
    let total = 0;
    let chosen: string | undefined;
    let highest = 0;
    for (const version of this.#byVersion.keys()) {
      const weight = weights[version] ?? 0;
      if (weight <= 0) continue;
      total += weight;
      const credit = (credits.get(version) ?? 0) + weight;
      credits.set(version, credit);
      if (chosen === undefined || credit > highest) {
        chosen = version;
        highest = credit;
      }
    }
    if (chosen !== undefined) credits.set(chosen, highest - total);
    return chosen;
  }

  #leastBusy(among: readonly T[], tried: ReadonlySet<string> | undefined, turns: Turns): T | undefined {
    const start = turns.turn++;
    let best: T | undefined;
    for (let i = 0; i < among.length; i++) {
      const candidate = among[(start + i) % among.length];
      if (candidate === undefined || tried?.has(candidate.instanceId)) continue;
      if (best === undefined || candidate.inFlight < best.inFlight) best = candidate;
      if (best.inFlight === 0) break;
    }
    return best;
  }
}
