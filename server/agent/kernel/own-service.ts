/** Operate as a service among others: what its own figures, lines, spans and targets are called. */
export const OWN_SERVICE = "operate";

/** what is not seen in a name, or stands for it or for what could not be stored */
const UNSEEN = /\\u\{[\dA-F]+\}|[\p{C}\p{Z}\uFFFD]/gu;
const UNSEEN_IN_WORDS = /\\u\{[\dA-F]+\}|[\p{C}\uFFFD]/gu;

/** A name as it is read: without capitals, full width and what is not seen, its words one space apart. */
export const readName = (name: string): string =>
  name.normalize("NFKC").replace(/\s+/g, " ").trim().replace(UNSEEN_IN_WORDS, "").toLowerCase();

/** Whether a name is Operate's own, or is read as it: in capitals, in full width, with something unseen in it. */
export const isOwnService = (name: string): boolean => folded(name) === OWN_SERVICE;

/** Whether a name of several words is read as one of Operate's own: `operate`, `Operate disk`. */
export const beginsAsOwn = (name: string): boolean => isOwnService(name.trim().split(/\p{Z}/u)[0] ?? "");

const folded = (name: string): string => name.normalize("NFKC").replace(UNSEEN, "").toLowerCase();

/** Operate among the services that send telemetry: nobody configured it, and it is none of those that it operates. */
export const isConsole = ({ origin, service }: { origin: string; service: string }): boolean =>
  origin === "observed" && isOwnService(service);
