import { AppError } from "../agent/kernel/errors.ts";
import { MAX_BODY_BYTES } from "./actor-limits.ts";

/** The body is larger than the limit: answered 413. */
export class BodyTooLarge extends AppError {
  constructor(maxBytes: number) {
    super("INVALID", `The body is larger than ${maxBytes / 1_000_000} MB. Send less at once.`);
  }
}

/**
 * The request with its whole body, read once and counted while it is read, whatever `content-length` says.
 * @throws BodyTooLarge
 */
export async function withBoundedBody(request: Request, maxBytes = MAX_BODY_BYTES): Promise<Request> {
  if (request.body === null) return request;
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw new BodyTooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new BodyTooLarge(maxBytes);
    chunks.push(chunk);
  }
  const { url, method, headers, signal } = request;
  return new Request(url, { method, headers, signal, body: Buffer.concat(chunks) });
}
