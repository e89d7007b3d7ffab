import { withoutConfidential } from "../../agent/kernel/confidential/confidential.ts";
import type { Rejection } from "../../agent/ports/telemetry.ts";
import { RejectionTally } from "../../agent/telemetry/rejections.ts";
import { clipText } from "../../agent/text/clip-text.ts";

const MAX_REASON_LENGTH = 300;

/** What was left out of one batch, also by service for the ingest page. */
export interface Rejections {
  add(reason: string, example: () => string | null, service: string, count?: number): void;
  list(): Rejection[];
  readonly byService: ReadonlyMap<string, number>;
}

export function createRejections(): Rejections {
  const tally = new RejectionTally();
  const byService = new Map<string, number>();
  return {
    byService,
    add: (reason, example, service, count = 1) => {
      byService.set(service, (byService.get(service) ?? 0) + count);
      tally.add(storableReason(withoutConfidential(reason)), () => cleanExample(example()), count);
    },
    list: () => tally.list(),
  };
}

/** A page that was scraped with a secret may answer with it. */
const cleanExample = (example: string | null): string | null => example && withoutConfidential(example);

/** Reasons are part of a key: of a bounded length, and without what PostgreSQL cannot store. */
export const storableReason = (reason: string): string =>
  clipText(reason, MAX_REASON_LENGTH).replaceAll("\0", "\uFFFD").toWellFormed();
