import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/** `preferred` if it is free on loopback, else any free port. */
export async function freePort(preferred = 0): Promise<number> {
  const tryPort = (port: number) =>
    new Promise<number | null>((resolve) => {
      const probe = createServer();
      probe.once("error", () => resolve(null));
      probe.listen(port, "127.0.0.1", () => {
        const address = probe.address();
        probe.close(() => resolve(address && typeof address === "object" ? address.port : null));
      });
    });
  const found = (preferred > 0 ? await tryPort(preferred) : null) ?? (await tryPort(0));
  if (found === null) throw new Error("no free port on 127.0.0.1");
  return found;
}

/** The last lines of a text file, or a word in their place when it cannot be read. */
export function tailOf(file: string, lines: number): string {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "(no log)";
  }
}
