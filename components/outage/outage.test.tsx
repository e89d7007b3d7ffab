import { createServer } from "node:http";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { ErrorPanel } from "../feedback/error-panel.tsx";
import { askStorage, waitBefore } from "./ask-storage.ts";
import { OutagePanel } from "./outage-panel.tsx";

async function answering(status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (typeof address === "string" || address === null) throw new Error("the server has no port");
  return `http://127.0.0.1:${address.port}/readyz`;
}

const checks = (ok: boolean, message: string) =>
  JSON.stringify({
    status: "",
    checks: [
      { name: "database", ok, message },
      { name: "worker", ok: false, message: "" },
    ],
  });

describe("a page that failed on the server", () => {
  it.each([
    ["names the database", 503, checks(false, "does not answer, or lacks the schema"), "The database does not answer."],
    [
      "names a full disk",
      503,
      checks(false, "the disk of the data directory is full: free some space"),
      "The disk of the data directory is full: free some space.",
    ],
    ["leaves a worker that is away to its own place", 503, checks(true, "answers"), null],
    ["tells a server in front of Operate from Operate", 502, "<h1>Bad gateway</h1>", "Operate does not answer."],
    ["tells an answer of another shape", 200, "{}", "Operate does not answer."],
  ])("%s", async (_, status, body, outage) => {
    expect(await askStorage(await answering(status, body))).toEqual({ outage });
  });
  it("says that nothing answers when nothing listens", async () =>
    expect(await askStorage("http://127.0.0.1:1/readyz")).toEqual({ outage: "Operate does not answer." }));
  it("is tried again every few seconds, for ever", () =>
    expect([0, 1, 2, 3, 50, 5_000].map(waitBefore)).toEqual([1_000, 2_000, 4_000, 5_000, 5_000, 5_000]));
  it("says what goes on, politely", () =>
    expect(renderToStaticMarkup(<OutagePanel outage="The database does not answer." />)).toMatch(
      /role="status" aria-live="polite".*The database does not answer\..*Services keep running\. Trying again…/,
    ));
  it("calls a digest a digest: it is the same for every request", () => {
    const html = renderToStaticMarkup(<ErrorPanel title="t" message="m" digest="3914836991" />);
    expect(html).toContain("Error digest");
    expect(html).not.toContain("Request");
  });
});
