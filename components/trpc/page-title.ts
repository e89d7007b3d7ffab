import type { Metadata } from "next";
import { pageCaller } from "./server.ts";

type Caller = Awaited<ReturnType<typeof pageCaller>>;

/** A title made of what the page shows; when that cannot be read the page says why, and is called `otherwise`. */
export async function pageTitle(otherwise: string, read: (api: Caller) => Promise<string>): Promise<Metadata> {
  try {
    return { title: await read(await pageCaller()) };
  } catch {
    return { title: otherwise };
  }
}
