/**
 * Grafana's Explore with an expression over a window (Grafana 10 and later: the parameter `panes`). No data source is
 * named, as its uid is not known here: Grafana takes the default one.
 * https://grafana.com/docs/grafana/latest/explore/get-started-with-explore/#generate-explore-urls-from-external-tools
 */
export function grafanaHref(grafanaUrl: string, expression: string, fromMs: number, toMs: number): string {
  const datasource = { type: "prometheus" };
  const pane = {
    queries: [{ refId: "A", expr: expression, range: true, datasource }],
    range: { from: String(fromMs), to: String(toMs) },
  };
  const url = new URL(grafanaUrl);
  url.pathname = `${url.pathname.replace(/(?<!\/)\/+$/, "")}/explore`;
  url.search = new URLSearchParams({ schemaVersion: "1", panes: JSON.stringify({ operate: pane }) }).toString();
  return url.href;
}
