import { useEffect, useState } from "react";

/** after so long the form says that it still waits */
const SLOW_S = 3;

/** Shown while a form waits for its answer: how long that has taken. */
export function SlowAnswer() {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const from = performance.now();
    const timer = setInterval(() => setSeconds(Math.floor((performance.now() - from) / 1_000)), 1_000);
    return () => clearInterval(timer);
  }, []);
  return seconds < SLOW_S ? null : <StillWaiting seconds={seconds} />;
}

/** Names no cause but a busy server: before its answer nobody here knows another. A reader hears it once, not each second. */
export const StillWaiting = ({ seconds }: { seconds: number }) => (
  <p className="text-ink-2 text-sm">
    <span role="status">Still waiting for the answer.</span> Operate has not answered for {seconds} s. It may be busy;
    keep this page open, as this can take up to a minute.
  </p>
);
