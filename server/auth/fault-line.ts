const DEEPEST = 4;

/** Class and code of an error and its causes, as in `PrismaClientKnownRequestError P1008`; never what they say. */
function classOf(fault: Error): string {
  const known: string[] = [];
  for (let one: unknown = fault; one instanceof Error && known.length < DEEPEST; one = one.cause) {
    const code = "code" in one && typeof one.code === "string" && /^[A-Z0-9_]{2,40}$/.test(one.code) ? one.code : null;
    const status = "status" in one && typeof one.status === "string" ? one.status : null;
    known.push([one.name, code ?? status].filter(Boolean).join(" "));
  }
  return known.join(", caused by ");
}

/**
 * One line for the terminal of what the sign-in library logs: it names a fault by its status alone. Says what was being
 * done and the class of the fault; a fault's message may hold a value.
 */
export function faultLine(message: string, rest: readonly unknown[]): string {
  const fault = rest.find((one) => one instanceof Error);
  const what = /^[A-Z_]+$/.test(message) ? "a session or sign-in could not be served" : message;
  return fault ? `${what} (${classOf(fault)})` : what === message ? message : `${what} (${message})`;
}
