interface Ref {
  service: string;
  environment: string;
}

/** The input of metrics.signals, the same on the server and in the browser. */
export const signalsInput = (
  window: { from: Date; to: Date },
  { service, environment }: Ref,
  compareBefore: boolean,
) => ({
  ...{ service, environment },
  startTime: window.from.toISOString(),
  endTime: window.to.toISOString(),
  ...(compareBefore ? { compareBefore } : {}),
});
