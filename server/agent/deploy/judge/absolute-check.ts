import { groupedCount } from "../../text/numbers.ts";
import type { JudgeResult } from "./analysis-schema.ts";
import { LEAST_FOR_FAILURE, sureError } from "./classify.ts";
import { wilson } from "./count-test.ts";
import type { JudgeInput } from "./index.ts";
import { normalQuantile } from "./normal.ts";
import type { Sample } from "./samples.ts";
import { shareOf } from "./sentences.ts";

/** What can be said of a new version without enough requests to compare it. */

interface Pools {
  baseline: Sample;
  candidate: Sample;
  /** the few that there are surely differ */
  isBeyondDoubt: boolean;
  score: number | null;
}

interface Alone extends Pick<JudgeResult, "verdict" | "sentence" | "score"> {
  tooLittle: boolean;
  fewRequests: boolean;
}

const shareFailed = ({ errors, requests }: Sample): number => (requests === 0 ? 0 : errors / requests);

/**
 * Fails a version of which surely more requests fail than the service may ever let fail, unless the running one did so,
 * too. Else it is inconclusive. It had few requests only when they are few and do not speak against it: with enough of
 * its own and none to compare them with nothing is known.
 */
export function judgeAlone(
  { rules, minRequests, failingPercent, baselineVersion, candidateVersion }: JudgeInput,
  { baseline, candidate, isBeyondDoubt, score }: Pools,
): Alone {
  const limit = failingPercent / 100;
  const isFailing = candidate.errors > 0 && shareFailed(candidate) >= limit;
  const few = (version: string, { requests }: Sample) =>
    `${version} has answered ${groupedCount(requests)} of the ${groupedCount(minRequests)} requests that a comparison needs`;
  const failed = `${shareOf(candidate.errors, Math.max(1, candidate.requests))} of the requests to ${candidateVersion} since the comparison began failed`;
  if (
    isFailing &&
    candidate.requests >= Math.min(LEAST_FOR_FAILURE, minRequests) &&
    isSurelyAbove(candidate, limit, 1 - sureError(rules)) &&
    shareFailed(baseline) < limit
  ) {
    const sentence = `${candidateVersion} fails its users, whatever it is compared with: ${failed}, and ${failingPercent} % are too many; ${few(baselineVersion, baseline)}`;
    return { verdict: "fail", sentence, score: 0, tooLittle: false, fewRequests: false };
  }
  const sentence =
    candidate.requests <= baseline.requests ? few(candidateVersion, candidate) : few(baselineVersion, baseline);
  return {
    ...{ verdict: "inconclusive", score, tooLittle: true },
    sentence: isFailing ? `${sentence}; ${failed}` : sentence,
    fewRequests: candidate.requests < minRequests && !isFailing && !isBeyondDoubt,
  };
}

const isSurelyAbove = ({ errors, requests }: Sample, limit: number, confidence: number): boolean =>
  wilson(errors, requests, normalQuantile(confidence))[0] > limit;
