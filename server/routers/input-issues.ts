import type { z } from "zod";
import { clipSent } from "../agent/text/clip-sent.ts";

const MAX_ISSUES = 10;
const MAX_ISSUE = 160;

/** What is wrong with an input and where: at most 10 problems, and how many more there are. */
export function inputIssues(error: z.ZodError): { issues: { path: string; message: string }[]; more: number } {
  return {
    issues: error.issues.slice(0, MAX_ISSUES).map((issue) => ({
      path: clipSent(issue.path.join("."), MAX_ISSUE),
      message: clipSent(issue.message, MAX_ISSUE),
    })),
    more: Math.max(0, error.issues.length - MAX_ISSUES),
  };
}
