import type { IncomingMessage } from "node:http";
import { AppError } from "../agent/kernel/errors.ts";
import type { Budget, Share } from "./budget.ts";

interface Limits {
  maxBodyBytes: number;
  budget: Budget;
  /** from the headers to the last byte */
  timeoutMs: number;
}

const tooLarge = (limit: number) =>
  new AppError(
    "INVALID",
    `The body is larger than ${limit} bytes (monitoringConfig.limits.maxBodyBytes). Send smaller batches.`,
    {
      details: { status: 413 },
    },
  );
const busy = () =>
  new AppError(
    "RATE_LIMITED",
    "More arrives than can be written (monitoringConfig.limits.maxPendingBytes). Send it again later.",
  );

export interface ReadBody {
  body: Buffer;
  share: Share;
}

/**
 * Reads a body within bounds. A body that is too large, or that there is no room for, is refused when that is known:
 * by its declared length before a byte is read, else while it arrives. The caller closes the share when it is done.
 * @throws INVALID with status 413 or 408, RATE_LIMITED
 */
export async function readBody(request: IncomingMessage, limits: Limits): Promise<ReadBody> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (!(declared <= limits.maxBodyBytes)) throw tooLarge(limits.maxBodyBytes);
  const share = limits.budget.open(declared);
  if (!share) throw busy();
  try {
    return { body: await collect(request, share, limits), share };
  } catch (error) {
    share.close();
    throw error;
  }
}

function collect(request: IncomingMessage, share: Share, { maxBodyBytes, timeoutMs }: Limits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => {
      const seconds = timeoutMs / 1000;
      const message = `The body did not arrive within ${seconds} s. Send smaller batches, or send them faster.`;
      end(new AppError("INVALID", message, { details: { status: 408 } }));
    }, timeoutMs);
    const end = (error?: AppError) => {
      clearTimeout(timer);
      request.off("data", onData).off("end", onEnd).off("close", onClose).pause();
      if (error) reject(error);
      else resolve(Buffer.concat(chunks, size));
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBodyBytes) return end(tooLarge(maxBodyBytes));
      if (!share.arrived(chunk.length)) return end(busy());
      chunks.push(chunk);
    };
    const onEnd = () => end();
    const onClose = () => end(new AppError("INVALID", "The sender went away before the end of the body."));
    request.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}
