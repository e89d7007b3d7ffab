/** A service in one environment; in all together where only its telemetry tells of it. */
export interface SignalsOf {
  service: string;
  environment: string | undefined;
}

/** The input of metrics.signals, the same on the server and in the browser. */
export const signalsInput = (
  window: { from: Date; to: Date },
  { service, environment }: SignalsOf,
  compareBefore: boolean,
) => ({
  service,
  ...(environment === undefined ? {} : { environment }),
  startTime: window.from.toISOString(),
  endTime: window.to.toISOString(),
  ...(compareBefore ? { compareBefore } : {}),
});
