/**
 * Flapping as Nagios detects it ("Detection and Handling of State Flapping"): the share of the last 21 checks at which
 * ok and failed changed places, newer changes weighing up to 1.2 and older ones down to 0.8. Set at 30 %, cleared under
 * 25 % (the thresholds of Icinga 2), so that the flag itself does not flap.
 */
const FLAPPING_CHECKS = 21;
const SET_PERCENT = 30;
const CLEAR_PERCENT = 25;

const POSSIBLE = FLAPPING_CHECKS - 1;

/** `recent` holds `.` for ok and `x` for failed, newest last. */
export const appendOutcome = (recent: string, failed: boolean): string =>
  (recent + (failed ? "x" : ".")).slice(-FLAPPING_CHECKS);

/** Changes seen and their weighted share in percent. */
export function stateChanges(recent: string): { changes: number; percent: number } {
  let changes = 0;
  let weighted = 0;
  for (let i = 1; i < recent.length; i++) {
    if (recent[i] === recent[i - 1]) continue;
    changes++;
    const age = recent.length - 1 - i; // 0: the newest possible change
    weighted += 1.2 - (0.4 * age) / (POSSIBLE - 1);
  }
  return { changes, percent: (weighted / POSSIBLE) * 100 };
}

interface Flapping {
  flapping: boolean;
  /** the rule in words while the flag is set */
  flappingReason: string | null;
}

export function judgeFlapping(recent: string, before: boolean): Flapping {
  const { changes, percent } = stateChanges(recent);
  const flapping = before ? percent >= CLEAR_PERCENT : percent >= SET_PERCENT;
  if (!flapping) return { flapping, flappingReason: null };
  const flappingReason =
    `${changes} changes between ok and failed in the last ${recent.length} checks, weighted ${Math.round(percent)} %: ` +
    `set from ${SET_PERCENT} %, cleared under ${CLEAR_PERCENT} %`;
  return { flapping, flappingReason };
}
