import { AppError } from "../../agent/kernel/errors.ts";

const WORDS: Record<string, string> = {
  ECONNREFUSED: "refused the connection",
  ECONNRESET: "closed the connection before it had answered",
  UND_ERR_SOCKET: "closed the connection before it had answered",
  EPIPE: "closed the connection before it had answered",
  EHOSTUNREACH: "cannot be reached from here (no route to it)",
  ENETUNREACH: "cannot be reached from here (no route to its network)",
  ETIMEDOUT: "did not accept a connection in time",
  CERT_HAS_EXPIRED: "has a TLS certificate that has expired",
  CERT_NOT_YET_VALID: "has a TLS certificate that is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "has a self-signed TLS certificate, which is not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "has a TLS certificate from an authority that is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "has a TLS certificate whose authority is unknown",
  ERR_TLS_CERT_ALTNAME_INVALID: "has a TLS certificate for another name",
  EPROTO: "does not speak TLS there",
  ERR_SSL_WRONG_VERSION_NUMBER: "does not speak TLS there",
};

/** What a network error says about `host`, as an AppError that reads as a sentence. */
export function describeNetworkError(error: unknown, host: string): AppError {
  if (error instanceof AppError) return error;
  const { code = "", cause } = error as NodeJS.ErrnoException;
  if (cause instanceof AppError) return cause;
  const words = WORDS[code] ?? (code.startsWith("HPE_") ? "did not answer in HTTP" : null);
  return new AppError("UPSTREAM_UNAVAILABLE", `${host} ${words ?? `failed (${code || (error as Error).message})`}.`, {
    details: { host, ...(code ? { code } : {}) },
    cause: error,
  });
}
