import type { AppError } from "../agent/kernel/errors.ts";

/** The writes that one request asks for, and which of them came as far as the router, which records what it refuses. */
export class RequestedWrites {
  readonly #left = new Map<string, number>();
  readonly #refusals = new Map<string | null, AppError>();

  /** @param paths of procedures, each as often as it is asked for */
  constructor(paths: readonly string[]) {
    for (const path of paths) this.#left.set(path, (this.#left.get(path) ?? 0) + 1);
  }

  /** A write is the router's now. */
  readonly reached = (path: string): void => {
    const left = (this.#left.get(path) ?? 0) - 1;
    if (left > 0) this.#left.set(path, left);
    else this.#left.delete(path);
  };

  /** Notes why a call was refused; without a path, why all of the request were. */
  noteRefusal(refusal: AppError, path?: string): void {
    this.#refusals.set(path ?? null, refusal);
  }

  /** What has not reached the router, each once. */
  get notReached(): string[] {
    return [...this.#left.keys()];
  }

  /** What has not reached the router and was refused, with why. */
  get refused(): { path: string; refusal: AppError }[] {
    return this.notReached.flatMap((path) => {
      const refusal = this.#refusals.get(path) ?? this.#refusals.get(null);
      return refusal ? [{ path, refusal }] : [];
    });
  }
}

/** The same answer, which ends only when `work` is done that is begun when all before its end is known. */
export async function beforeItsEnd(response: Response, work: () => Promise<void>): Promise<Response> {
  if (response.body === null) {
    await work();
    return response;
  }
  return new Response(response.body.pipeThrough(new TransformStream({ flush: work })), response);
}
