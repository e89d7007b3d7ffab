/** Operate as a service among others: what its own figures, lines, spans and targets are called. */
export const OWN_SERVICE = "operate";

/** what is not seen in a name, or stands for it or for what could not be stored */
const UNSEEN = /\\u\{[\dA-F]+\}|[\p{C}\p{Z}\uFFFD]/gu;

/** Whether a name is Operate's own, or is read as it: in capitals, in full width, with something unseen in it. */
export const isOwnService = (name: string): boolean =>
  name.normalize("NFKC").replace(UNSEEN, "").toLowerCase() === OWN_SERVICE;
