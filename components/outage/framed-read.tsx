import { cookies } from "next/headers";
import { type ReactNode, Suspense } from "react";
import { RAIL_COOKIE } from "../layout/rail-cookie.ts";
import { orOutage } from "../trpc/server.ts";
import { OutageFrame, WaitingFrame } from "./outage-frame.tsx";

/** A page is empty for no longer than this; a redirect that takes longer is made by the browser. */
const EMPTY_MS = 1_500;

/** @returns whether `work` has ended by then, one way or the other */
function endsWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    const ended = () => {
      clearTimeout(timer);
      resolve(true);
    };
    work.then(ended, ended);
  });
}

interface Framed<T> {
  read: () => Promise<T>;
  children: (value: T, railCollapsed: boolean) => ReactNode;
}

/**
 * Server component: what comes of a read that says whether anything may be shown, as of the session. While it takes
 * long, and while it cannot be read, the frame without data.
 */
export async function FramedRead<T>({ read, children }: Framed<T>) {
  const railCollapsed = (await cookies()).get(RAIL_COOKIE)?.value === "narrow";
  const reading = orOutage(read);
  const inTime = await endsWithin(EMPTY_MS, reading);
  const result = async () => {
    const { value, outage } = await reading;
    if (outage !== null) return <OutageFrame outage={outage} railCollapsed={railCollapsed} />;
    return children(value, railCollapsed);
  };
  if (inTime) return result();
  return (
    <Suspense fallback={<WaitingFrame railCollapsed={railCollapsed} />}>
      <Late result={result} />
    </Suspense>
  );
}

const Late = ({ result }: { result: () => Promise<ReactNode> }) => result();
