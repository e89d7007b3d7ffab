import { describeError } from "../trpc/error-description.ts";
import { Sentence } from "./sentence.tsx";

/** Why it was refused, beside the button; keeps its line free so that nothing jumps. */
export const FormError = ({ error }: { error: unknown }) =>
  error ? (
    <p role="alert" className="whitespace-pre-line text-critical text-sm">
      <Sentence text={describeError(error).message} />
    </p>
  ) : null;
