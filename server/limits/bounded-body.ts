import { shownName } from "../agent/kernel/allowed-names.ts";
import { AppError } from "../agent/kernel/errors.ts";

/**
 * A client that was refused may finish what it sends for so long, unread: many read no answer before, and to close the
 * connection would take it from them.
 */
const LINGER_MS = 30_000;

/** The body is larger than the limit: answered 413. */
export class BodyTooLarge extends AppError {
  constructor(maxBytes: number) {
    const limit = maxBytes < 1_000_000 ? `${maxBytes} bytes` : `${maxBytes / 1_000_000} MB`;
    super("INVALID", `The body is larger than ${limit}. Send less at once.`);
  }
}

/** Reads on and throws away what comes. */
export async function discardRest(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const enough = setTimeout(() => void reader.cancel().catch(() => undefined), LINGER_MS).unref();
  try {
    while (!(await reader.read()).done);
  } catch {
    // the client went away
  } finally {
    clearTimeout(enough);
  }
}

const brokenOff = (cause: unknown): never => {
  throw new AppError("INVALID", "The body broke off before its end. Send the request again.", { cause });
};

/**
 * The whole body, counted while it is read, whatever `content-length` says. What is beyond `maxBytes` is discarded.
 * @throws BodyTooLarge, INVALID when it breaks off or is compressed
 */
export async function readBounded({ body, headers }: Request, maxBytes: number): Promise<Buffer> {
  if (body === null) return Buffer.alloc(0);
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity")
    throw new AppError(
      "INVALID",
      `The body is sent with Content-Encoding ${shownName(encoding)}. Send it uncompressed.`,
    );
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let left = maxBytes;
  if (Number(headers.get("content-length") ?? 0) > maxBytes) left = -1;
  while (left >= 0) {
    const { done, value } = await reader.read().catch(brokenOff);
    if (done) return Buffer.concat(chunks);
    left -= value.byteLength;
    chunks.push(value);
  }
  void discardRest(reader);
  throw new BodyTooLarge(maxBytes);
}

/**
 * The request with its whole body, read once.
 * @throws as readBounded does
 */
export async function withBoundedBody(request: Request, maxBytes: number): Promise<Request> {
  if (request.body === null) return request;
  const body = new Uint8Array(await readBounded(request, maxBytes));
  const { url, method, headers, signal } = request;
  return new Request(url, { method, headers, signal, body });
}
