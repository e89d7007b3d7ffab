export interface LeaseTimes {
  beatMs: number;
  /** without a beat for this long a worker counts as dead */
  deadMs: number;
}

const LEASE_TIMES: LeaseTimes = { beatMs: 2_000, deadMs: 10_000 };

/** A beat every 2 s and dead after 10 s, unless OPERATE_LEASE_MS names another time to death; a fifth of it is the beat. */
export function leaseTimesFromEnv(env: NodeJS.ProcessEnv = process.env): LeaseTimes {
  const deadMs = Number(env.OPERATE_LEASE_MS);
  return Number.isFinite(deadMs) && deadMs >= 500 ? { beatMs: deadMs / 5, deadMs } : LEASE_TIMES;
}
