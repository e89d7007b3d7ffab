/** Where a pattern's alert fires, as it is stored. */
export interface AlertState {
  service: string;
  environment: string;
  firingSince: Date;
  /** when that was last written on the time line */
  toldAt: Date;
}

interface Place {
  service: string;
  environment: string;
  /** lines in the last minutes that the alert names */
  count: number;
}

interface AlertChanges {
  /** it fires here, and in this window nobody was told yet */
  firing: Place[];
  /** it fired here and was not seen for a whole window; fewer lines than allowed do not end it */
  resolved: AlertState[];
}

/** Windows are counted from 1970, so that all workers tell the same. */
export const windowOf = (at: Date, minutes: number): number => Math.floor(at.getTime() / (minutes * 60_000));

const isAt = (one: { service: string; environment: string }) => (other: { service: string; environment: string }) =>
  one.service === other.service && one.environment === other.environment;

/** What a count of a pattern's lines changes. `places` are those where it was seen at all. */
export function alertChanges(
  { minutes, count: threshold }: { minutes: number; count: number },
  places: readonly Place[],
  states: readonly AlertState[],
  at: Date,
): AlertChanges {
  const isTold = (place: Place): boolean => {
    const state = states.find(isAt(place));
    return state !== undefined && windowOf(state.toldAt, minutes) === windowOf(at, minutes);
  };
  return {
    firing: places.filter((place) => place.count >= threshold && !isTold(place)),
    resolved: states.filter((state) => !places.some(isAt(state))),
  };
}
