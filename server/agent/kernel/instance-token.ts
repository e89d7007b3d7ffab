import { createHmac, timingSafeEqual } from "node:crypto";

/** Which instance of the local platform sends. */
export interface InstanceIdentity {
  service: string;
  environment: string;
  instance: string;
}

const PREFIX = "opi_";
/** a key used for two purposes must not sign the same text for both */
const PURPOSE = "operate: ingest token of an instance\n";

/**
 * The token with which one instance sends telemetry: it says who the instance is, and is signed with the ingest secret,
 * so that no row is needed to know it again.
 */
export function instanceToken(secret: string, { service, environment, instance }: InstanceIdentity): string {
  const said = Buffer.from(JSON.stringify([service, environment, instance])).toString("base64url");
  return `${PREFIX}${said}.${signatureOf(secret, said).toString("base64url")}`;
}

/** The instance whose token it is; null for every other text. */
export function instanceOfToken(secret: string, token: string): InstanceIdentity | null {
  const [, said = "", signature = ""] = /^opi_([\w-]{1,2000})\.([\w-]{43})$/.exec(token) ?? [];
  if (said === "" || !timingSafeEqual(Buffer.from(signature, "base64url"), signatureOf(secret, said))) return null;
  const [service, environment, instance] = JSON.parse(Buffer.from(said, "base64url").toString("utf8")) as string[];
  return service && environment && instance ? { service, environment, instance } : null;
}

const signatureOf = (secret: string, said: string): Buffer =>
  createHmac("sha256", secret).update(PURPOSE).update(said).digest();
