import type { APIRequestContext, Page } from "@playwright/test";
import { escapeHiding, UNSEEN } from "#server/agent/text/visible-text.ts";
import { expect, test } from "../fixtures/test.ts";
import { tokenFor } from "../fixtures/token.ts";

/** Text of others holds characters that reorder or hide what stands around it: no page hands one of them to the browser. */

const HIDING = "\u202Egnp.exe\u200B\u0007\u001b[31m\u2066\u{E0041}";
const SERVICE = `parcels${HIDING}`;
const TRACE_ID = "5eed".repeat(8);
const SPAN_ID = "5eed".repeat(4);

const attributes = (values: Record<string, string>) =>
  Object.entries(values).map(([key, value]) => ({ key, value: { stringValue: value } }));

const resource = {
  attributes: attributes({
    "service.name": SERVICE,
    "service.version": `1.0${HIDING}`,
    "service.instance.id": `one${HIDING}`,
    "deployment.environment.name": "production",
    [`custom${HIDING}`]: `value${HIDING}`,
  }),
};

async function sendHostileTelemetry(request: APIRequestContext): Promise<void> {
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  const atNs = (ms: number) => String(nowNs + BigInt(ms) * 1_000_000n);
  const scope = { name: `scope${HIDING}`, version: `1${HIDING}` };
  const own = attributes({ [`key${HIDING}`]: `value${HIDING}`, "http.route": `/parcels/${HIDING}` });
  const span = {
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    name: `GET ${HIDING}`,
    kind: 2,
    startTimeUnixNano: atNs(-2_000),
    endTimeUnixNano: atNs(-1_000),
    attributes: own,
    status: { code: 2, message: `failed${HIDING}` },
    events: [{ name: `event${HIDING}`, timeUnixNano: atNs(-1_500), attributes: own }],
    links: [{ traceId: "1".repeat(32), spanId: "1".repeat(16), attributes: own }],
  };
  const call = { ...span, spanId: "ca11".repeat(4), parentSpanId: SPAN_ID, name: `call${HIDING}`, kind: 3 };
  call.attributes = attributes({ "db.system.name": `db${HIDING}`, "server.address": `host${HIDING}` });
  const line = (id: number) => ({
    timeUnixNano: atNs(id - 3_000),
    severityNumber: 17,
    severityText: `ERROR${HIDING}`,
    body: { stringValue: `parcel ${id} is lost ${HIDING}` },
    attributes: own,
    traceId: TRACE_ID,
    spanId: SPAN_ID,
  });
  const metric = {
    name: "parcels_lost",
    unit: `parcels${HIDING}`,
    description: `described${HIDING}`,
    sum: {
      aggregationTemporality: 2,
      isMonotonic: true,
      dataPoints: [1, 2, 3].map((asDouble) => ({
        asDouble,
        startTimeUnixNano: atNs(-60_000),
        timeUnixNano: atNs(asDouble * 10_000 - 40_000),
        attributes: own,
      })),
    },
  };
  const bodies = {
    logs: { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: [1, 2, 3].map(line) }] }] },
    traces: { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span, call] }] }] },
    metrics: { resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics: [metric] }] }] },
  };
  const headers = { authorization: `Bearer ${await tokenFor(request, "ingest")}` };
  for (const [signal, data] of Object.entries(bodies)) {
    const answer = await request.post(`/api/ingest/v1/${signal}`, { headers, data });
    expect(answer.status(), await answer.text()).toBe(200);
  }
}

/** Where a text or an attribute of the page holds a character that is not drawn. */
const unseenOn = (page: Page): Promise<string[]> =>
  page.evaluate(
    ({ source, flags }) => {
      const unseen = new RegExp(source, flags.replace("g", ""));
      const found: string[] = [];
      const say = (where: string, text: string) => {
        if (unseen.test(text)) found.push(`${where}: ${JSON.stringify(text.slice(0, 80))}`);
      };
      say("document title", document.title);
      for (const element of document.querySelectorAll("body *")) {
        if (element.matches("script, style, template, noscript")) continue;
        const path = `${element.parentElement?.tagName} > ${element.tagName}.${element.getAttribute("class") ?? ""}`;
        for (const { name, value } of element.attributes)
          if (name !== "href" && name !== "value" && name !== "id" && name !== "for") say(`${path} @${name}`, value);
        for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) say(path, node.nodeValue ?? "");
      }
      return [...new Set(found)];
    },
    { source: UNSEEN.source, flags: UNSEEN.flags },
  );

const service = encodeURIComponent(escapeHiding(SERVICE));
const panels = encodeURIComponent(JSON.stringify([{ m: "parcels_lost", g: ["service"] }]));
const VIEWS = [
  "/",
  "/services",
  `/services/${service}`,
  `/services/${service}?env=production`,
  `/logs?service=${service}&env=production`,
  `/logs?tab=lines&service=${service}&env=production`,
  `/traces?env=production&service=${service}`,
  `/traces/${TRACE_ID}`,
  `/traces/${TRACE_ID}?span=${SPAN_ID}`,
  "/map?env=production",
  "/map?env=production&view=table",
  `/metrics-explorer?panels=${panels}`,
  "/ingest",
  "/health",
  "/audit",
];

test.beforeAll(async ({ request }) => sendHostileTelemetry(request));

for (const path of VIEWS)
  test(`${decodeURIComponent(path).replace(escapeHiding(HIDING), "…")} hands no unseen character to the browser`, async ({
    page,
  }) => {
    await page.goto(path);
    await expect(page.locator("h1").first()).toBeVisible();
    await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
    expect(await unseenOn(page)).toEqual([]);
  });
