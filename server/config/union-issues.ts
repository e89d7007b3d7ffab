import type { z } from "zod";

/** What is there at a path of the file. */
type IsThere = (path: PropertyKey[]) => boolean;

/** A key that does not belong there tells more against a form than one that is still missing. */
const STRAY_KEY = 2;
const MISSING_KEY = 1;

/**
 * Of something that may have one of several forms, the problems of the form that was most likely meant: of the one whose
 * keys fit best. A value that may be of several kinds stays one problem.
 */
export function withinUnions(issue: z.core.$ZodIssue, isThere: IsThere): z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const forms = issue.errors.map((branch) => branch.map((one) => ({ ...one, path: [...issue.path, ...one.path] })));
  const isOfKeys = (one: z.core.$ZodIssue) => one.path.length > issue.path.length || one.code === "unrecognized_keys";
  const [first, ...others] = forms.filter((form) => form.every(isOfKeys));
  if (!first) return [issue];
  const misfit = (form: z.core.$ZodIssue[]): number =>
    form.reduce((sum, one) => {
      if (one.code === "unrecognized_keys") return sum + STRAY_KEY * one.keys.length;
      return isThere(one.path) ? sum : sum + MISSING_KEY;
    }, 0);
  const meant = others.reduce((best, form) => (misfit(form) < misfit(best) ? form : best), first);
  return meant.flatMap((one) => withinUnions(one, isThere));
}
