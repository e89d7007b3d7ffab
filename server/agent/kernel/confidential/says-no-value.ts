/** Marks an issue of a schema whose message says the rule alone, so that it may be shown for a value that is secret. */
export const SAYS_NO_VALUE = { saysNoValue: true };

export const saysNoValue = (issue: { params?: Record<string, unknown> | undefined }): boolean =>
  issue.params?.saysNoValue === true;
