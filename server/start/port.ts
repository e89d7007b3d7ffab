import { createServer } from "node:net";
import { AppError } from "../agent/kernel/errors.ts";

/** Fails early, before anything is started, when the console could not listen. @throws CONFLICT or PRECONDITION. */
export async function assertPortFree(host: string, port: number): Promise<void> {
  const code = await new Promise<string | null>((resolve) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(null)));
  });
  if (code === null) return;
  if (code === "EADDRINUSE")
    throw new AppError(
      "CONFLICT",
      `Port ${port} on ${host} is taken. Stop what listens there, or set PORT to another.`,
    );
  if (code === "EACCES")
    throw new AppError("PRECONDITION", `Port ${port} may not be used by this user. Set PORT to one above 1023.`);
  throw new AppError(
    "PRECONDITION",
    `Cannot listen on ${host} port ${port} (${code}). Set HOST to an address of this machine.`,
  );
}
