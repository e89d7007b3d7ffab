/** What the examples of several capabilities name; the configuration of tests has these. */

export const AT_CHECKOUT = { service: "checkout", environment: "staging" };

const nowMs = Date.now();
export const LAST_TEN_MINUTES = {
  startTime: new Date(nowMs - 600_000).toISOString(),
  endTime: new Date(nowMs).toISOString(),
};
