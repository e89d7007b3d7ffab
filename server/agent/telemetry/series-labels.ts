/**
 * The labels that pick out a service's series and streams, from `services[].telemetry.labels`: `{service}` and
 * `{environment}` are filled in; a label of an environment that is not asked for is left out.
 */
export function seriesLabels(
  labels: Readonly<Record<string, string>>,
  service: string,
  environment: string | undefined,
): Record<string, string> {
  const filled: Record<string, string> = {};
  for (const [label, text] of Object.entries(labels)) {
    if (text.includes("{environment}") && environment === undefined) continue;
    filled[label] = text.replaceAll("{service}", service).replaceAll("{environment}", environment ?? "");
  }
  return filled;
}
