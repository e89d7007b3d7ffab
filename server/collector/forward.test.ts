import { mkdirSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import protobuf from "protobufjs/minimal.js";
import snappy from "snappyjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { instanceToken } from "../agent/kernel/instance-token.ts";
import type { KeyedSlots, Slots } from "../agent/kernel/slots.ts";
import { SERIES_KINDS } from "../agent/ports/telemetry.ts";
import { escapeHiding } from "../agent/text/visible-text.ts";
import { identifySender } from "../auth/sender.ts";
import { createToken } from "../auth/tokens/create.ts";
import { revokeToken } from "../auth/tokens/revoke.ts";
import { setUserRole } from "../auth/users/set-role.ts";
import { localPaths } from "../integrations/local/state/paths.ts";
import { StateFile } from "../integrations/local/state/state-file.ts";
import type { OwnedSlots } from "../limits/owned-slots.ts";
import { createTelemetryStore } from "../telemetry-store/index.ts";
import { createTestCollector, type TestCollector } from "../testing/collector.ts";
import { testConfig, testContext } from "../testing/context.ts";
import { useDatabase } from "../testing/database.ts";
import { FakeTelemetry } from "../testing/doubles/fake-telemetry.ts";
import { eventually } from "../testing/local-platform/daemon.ts";
import { addPerson, type Person } from "../testing/people.ts";
import { serve } from "../testing/serve.ts";
import { writeRequest } from "../testing/telemetry/wire.ts";
import { forwardIngest } from "./forward.ts";
import { forwardRefusal } from "./forwarding-slots.ts";

interface ForwardingSlots {
  slots: OwnedSlots;
  reserved: KeyedSlots;
  instances: KeyedSlots;
  own: Slots;
  refusedAtMs: number;
}

const database = useDatabase();
const LOGS = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "hello" } }] }] }] });
const JSON_TYPE = { "content-type": "application/json" };
let collector: TestCollector;
let web: Awaited<ReturnType<typeof serve>>;
let store: ReturnType<typeof createTelemetryStore>;
let root: Person;
/** ms by which the clock of the web process is ahead */
let aheadMs = 0;
let lookUps = 0;

beforeAll(async () => {
  root = await addPerson(database.db, { name: "Root" });
  collector = createTestCollector({ databaseUrl: database.url });
  await collector.start();
  const db = database.db.$extends({
    query: {
      apiToken: {
        findUnique: ({ args, query }) => {
          lookUps++;
          return query(args);
        },
      },
    },
  }) as unknown as typeof database.db;
  store = createTelemetryStore({ databaseUrl: database.url, config: testConfig().monitoringConfig });
  const runtime = {
    ...{ db, dataDir: collector.dataDir, now: () => new Date(Date.now() + aheadMs) },
    telemetry: new FakeTelemetry({ store }),
  };
  web = await serve((request) =>
    forwardIngest(runtime, request, new URL(request.url).pathname.replace(/^\/api\/ingest/, "")),
  );
});
afterAll(async () => {
  await web.close();
  await store.close();
  await collector.dispose();
});

/** What the local platform keeps of its instances. */
async function saveInstances(...ids: string[]): Promise<void> {
  const { dir, state } = localPaths(collector.dataDir);
  mkdirSync(dir, { recursive: true });
  const instance = { key: "k", version: "1", createdAt: "", restarts: 0, draining: false, removed: false };
  await new StateFile(state).save([
    {
      ...{ service: "shop", environment: "staging", port: 1, weights: null, candidate: null, salt: null, doubt: null },
      instances: ids.map((id) => ({ ...instance, id, process: null, launch: null })),
    },
  ]);
}

const as = (person: Person) => testContext(database, { actor: person.actor });
const tokenOf = async (person: Person, role: "ingest" | "viewer" | "operator" = "ingest") =>
  createToken(as(person), { name: `${role} of ${person.name}`, role, expiresInDays: 1 });
const send = (headers: Record<string, string>, path = "/v1/logs", body: BodyInit = LOGS) =>
  fetch(`${web.url}/api/ingest${path}`, { method: "POST", body, headers: { ...JSON_TYPE, ...headers } });
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

describe("who may send", () => {
  it("whoever has a token that ingests, as a bearer token or as a password", async () => {
    const { secret } = await tokenOf(root);
    expect((await send(bearer(secret))).status).toBe(200);
    expect((await send(basic("anybody", secret))).status).toBe(200);
    expect((await send(bearer((await tokenOf(root, "operator")).secret))).status).toBe(200);
    await expect
      .poll(async () => (await database.db.$queryRaw<{ sender: string }[]>`select sender from ingest_count`).length)
      .toBeGreaterThan(0);
    const senders = await database.db.$queryRaw<{ sender: string }[]>`select distinct sender from ingest_count`;
    expect(senders.map((row) => row.sender)).toContain("ingest of Root");
  });

  it("the local platform's instances, with the secret the supervisor made", async () => {
    process.env.OPERATE_INGEST_SECRET = "opi_a secret of this machine, made at its first start";
    expect((await send(basic("", process.env.OPERATE_INGEST_SECRET))).status).toBe(200);
    expect((await send(bearer("opi_another"))).status).toBe(401);
    delete process.env.OPERATE_INGEST_SECRET;
  });

  it("nobody without a token, however signed in", async () => {
    for (const headers of [{}, { cookie: "better-auth.session_token=x" }, { authorization: "Digest x" }]) {
      const answer = await send(headers);
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="Operate"');
      expect(await answer.json()).toMatchObject({ code: 16, message: expect.stringContaining("role ingest") });
    }
  });

  it("nobody under another's name", async () => {
    const { secret } = await tokenOf(root);
    expect((await send({ ...bearer(secret), "x-operate-sender": "another" })).status).toBe(200);
    const senders = await database.db.$queryRaw<{ sender: string }[]>`select distinct sender from ingest_count`;
    expect(senders.map((row) => row.sender)).not.toContain("another");
  });

  it("no token whose role only reads, which the ingest page tells", async () => {
    const answer = await send(bearer((await tokenOf(root, "viewer")).secret), "/loki/api/v1/push");
    expect([answer.status, await answer.text()]).toEqual([
      403,
      expect.stringMatching(/role viewer, which may not send/),
    ]);
    const [noted] = await eventually(async () => {
      const refusals = await store.refusals(new Date(0), 10);
      return refusals.length > 0 && refusals;
    });
    expect(noted).toMatchObject({ signal: "logs", protocol: "loki", sender: "viewer of Root" });
  });

  it("no token that was revoked, or whose owner lost the right, five seconds later", async () => {
    const ada = await addPerson(database.db, { name: "Ada", role: "operator" });
    const [revoked, kept] = [await tokenOf(ada), await tokenOf(ada)];
    for (const { secret } of [revoked, kept]) expect((await send(bearer(secret))).status).toBe(200);
    await revokeToken(as(ada), { tokenId: revoked.token.id });
    await setUserRole(as(root), { userId: ada.id, role: "responder" });
    aheadMs += 5_000;
    expect((await send(bearer(revoked.secret))).status).toBe(401);
    const answer = await send(bearer(kept.secret));
    expect([answer.status, await answer.json()]).toEqual([
      403,
      { code: 7, message: expect.stringMatching(/owner.*may no longer send.*role operator or above/) },
    ]);
  });

  it("is looked up once in four seconds, however many requests come", async () => {
    const { secret } = await tokenOf(root);
    lookUps = 0;
    const startedMs = Date.now();
    for (let i = 0; i < 20; i++)
      await Promise.all(
        Array.from({ length: 50 }, () => send(bearer(secret), "/v1/logs", "{").then((one) => one.text())),
      );
    expect(lookUps).toBeLessThanOrEqual(2 + (Date.now() - startedMs) / 4_000);
  }, 60_000);
});

describe("as whom", () => {
  const SECRET = "opi_of_operate_itself";
  const attributes = (pairs: Record<string, string>) =>
    Object.entries(pairs).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const remoteWrite = (labels: Record<string, string>) => {
    const writer = protobuf.Writer.create().uint32(10).fork();
    for (const [name, value] of Object.entries(labels))
      writer.uint32(10).fork().uint32(10).string(name).uint32(18).string(value).ldelim();
    writer.uint32(18).fork().uint32(9).double(1).uint32(16).int64(Date.now()).ldelim();
    return new Uint8Array(snappy.compress(writer.ldelim().finish()));
  };
  const spanIds = (trace: string) => ({ traceId: trace.repeat(32), spanId: trace.repeat(16) });

  /** All five ways in, each with `mark`, a hex digit, to find it again. */
  async function sendAll(secret: string, service: string, mark: string, more: Record<string, string> = {}) {
    const nanos = `${Date.now()}000000`;
    const resource = { attributes: attributes({ "service.name": service, ...more }) };
    const log = { timeUnixNano: nanos, body: { stringValue: `${mark} otlp` } };
    const point = { timeUnixNano: nanos, asDouble: 1 };
    const span = { ...spanIds(mark), name: mark, startTimeUnixNano: nanos, endTimeUnixNano: nanos };
    const bodies: [string, BodyInit, Record<string, string>?][] = [
      ["/v1/logs", JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords: [log] }] }] })],
      [
        "/v1/metrics",
        JSON.stringify({
          resourceMetrics: [
            { resource, scopeMetrics: [{ metrics: [{ name: `m${mark}_otlp`, gauge: { dataPoints: [point] } }] }] },
          ],
        }),
      ],
      ["/v1/traces", JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] })],
      ["/loki/api/v1/push", JSON.stringify({ streams: [{ stream: { service }, values: [[nanos, `${mark} loki`]] }] })],
      [
        "/api/v1/write",
        remoteWrite({ __name__: `m${mark}_rw`, job: service, instance: "a:1" }),
        { "content-type": "application/x-protobuf", "content-encoding": "snappy" },
      ],
    ];
    for (const [path, body, headers = {}] of bodies) {
      const answer = await send({ ...bearer(secret), ...headers }, path, body);
      expect([path, answer.status, (await answer.text()).replace("{}", "")]).toEqual([
        path,
        answer.status === 204 ? 204 : 200,
        "",
      ]);
    }
  }
  interface Row {
    service: string;
    environment: string;
    instance: string;
    claimed: string | null;
  }
  /** Two of lines, two of metrics, one of spans. */
  const stored = (mark: string) =>
    database.db.$queryRawUnsafe<Row[]>(
      `select service, environment, instance, attributes->>'operate.claimed_service' as claimed
         from log_line where body like '${mark} %'
       union all select service, labels->>'environment', labels->>'instance', labels->>'operate_claimed_service'
         from metric_series where name like 'm${mark}@_%' escape '@'
       union all select service, environment, instance, attributes->>'operate.claimed_service'
         from span where name = '${mark}'`,
    );
  const services = async (mark: string) => (await stored(mark)).map(({ service, claimed }) => [service, claimed]);

  it("a token bound to services writes as one of them; what else it claims is marked and counted, whatever the protocol", async () => {
    const input = { name: "bound", role: "ingest", expiresInDays: 1, services: ["checkout", "cart"] } as const;
    const { secret } = await createToken(as(root), { ...input, services: [...input.services] });
    await sendAll(secret, "cart", "a");
    expect(await services("a")).toEqual(Array(5).fill(["cart", null]));
    await sendAll(secret, "payments", "b");
    expect(await services("b")).toEqual(Array(5).fill(["checkout", "payments"]));
    await sendAll(secret, "operate", "c");
    expect(await services("c")).toEqual(Array(5).fill(["checkout", "operate"]));
    const refusals = await eventually(async () => {
      const found = (await store.refusals(new Date(0), 100)).filter(({ sender }) => sender === "bound");
      return found.length === 5 && found;
    });
    expect(refusals.map(({ signal, protocol }) => `${signal} ${protocol}`).sort()).toEqual([
      ...["logs loki", "logs otlp", "metrics otlp", "metrics remote-write", "traces otlp"],
    ]);
    expect(refusals[0]).toMatchObject({
      ...{ reason: expect.stringMatching(/writes only as checkout, cart; kept as checkout.*claimed_service/) },
      example: expect.stringMatching(/^(payments|operate)$/),
    });
  });

  it("nobody but Operate's own processes writes as operate, however the name is written", async () => {
    const { secret } = await tokenOf(root);
    const variants = { d: "operate", e: "Operate", f: "oper\u200bate", "1": "operate " };
    for (const [mark, name] of Object.entries(variants)) {
      await sendAll(secret, name, mark);
      const rows = await services(mark);
      expect(rows.map(([service]) => service)).toEqual(Array(5).fill("unknown_service"));
      expect(rows.every(([, claimed]) => claimed === escapeHiding(name))).toBe(true);
    }
    process.env.OPERATE_INGEST_SECRET = SECRET;
    await sendAll(SECRET, "operate", "2");
    delete process.env.OPERATE_INGEST_SECRET;
    expect(await services("2")).toEqual(Array(5).fill(["operate", null]));
  });

  it("an instance writes for itself alone", async () => {
    process.env.OPERATE_INGEST_SECRET = SECRET;
    const token = instanceToken(SECRET, { service: "shop", environment: "staging", instance: "inst_1" });
    const early = await send(bearer(token));
    expect([early.status, Number(early.headers.get("retry-after"))], "while nothing is known of instances").toEqual([
      503,
      expect.toSatisfy((seconds: number) => seconds >= 1),
    ]);
    await saveInstances("inst_2");
    expect((await send(bearer(token))).status, "before there is such an instance").toBe(401);
    await saveInstances("inst_1");
    const own = { "deployment.environment.name": "staging", "service.instance.id": "inst_1" };
    await sendAll(token, "shop", "3", own);
    expect(await services("3")).toEqual(Array(5).fill(["shop", null]));
    const another = { "deployment.environment.name": "production", "service.instance.id": "inst_2" };
    await sendAll(token, "operate", "4", another);
    await sendAll(token, "payments", "5", another);
    await saveInstances("inst_2");
    expect((await send(bearer(token))).status, "once the instance has ended").toBe(401);
    await saveInstances("inst_1");
    const { state } = localPaths(collector.dataDir);
    await saveInstances("inst_1", "inst_3");
    rmSync(state);
    expect((await send(bearer(token))).status, "by the copy of the state").toBe(200);
    rmSync(`${state}.previous`);
    expect((await send(bearer(token))).status, "as it was known last").toBe(200);
    const other = instanceToken(SECRET, { service: "shop", environment: "staging", instance: "inst_9" });
    expect((await send(bearer(other))).status, "while nobody knows").toBe(503);
    await saveInstances("inst_1");
    delete process.env.OPERATE_INGEST_SECRET;
    const found = [...(await stored("4")), ...(await stored("5"))];
    const places = new Set(found.map(({ service, environment, instance }) => `${service} ${environment} ${instance}`));
    expect([found.length, [...places]]).toEqual([10, ["shop staging inst_1"]]);
    expect(new Set(found.map(({ claimed }) => claimed))).toEqual(new Set(["operate", "payments"]));
    expect((await send(bearer(token))).status).toBe(401); // without the secret there are no instances
  });
});

describe("a kind that is told by remote write", () => {
  const COUNTER = 1;
  const series = (name: string) => ({
    labels: [{ name: "__name__", value: name }],
    samples: [{ timestamp: Date.now(), value: 1 }],
  });
  const write = async (secret: string, body: Uint8Array) => {
    const headers = { "content-type": "application/x-protobuf", "content-encoding": "snappy" };
    const answer = await send({ ...bearer(secret), ...headers }, "/api/v1/write", new Uint8Array(body));
    expect(answer.status).toBe(204);
  };
  const kindOf = async (name: string) =>
    (await database.db.$queryRaw<{ kind: number }[]>`select kind from metric_series where name = ${name}`).map(
      ({ kind }) => SERIES_KINDS[kind],
    );

  it("is that of whose token sent the series, whatever others call theirs, and goes on with the next token", async () => {
    const grace = await addPerson(database.db, { name: "Grace", role: "operator" });
    const input = { name: "prometheus", role: "ingest", expiresInDays: 1 } as const;
    const tell = (name: string) => writeRequest([], [{ metric_family_name: name, type: COUNTER, unit: "", help: "" }]);
    const first = await createToken(as(root), input);
    const others = await createToken(as(grace), input);
    await write(first.secret, writeRequest([series("jobs")]));
    await write(others.secret, tell("jobs"));
    expect(await kindOf("jobs")).toEqual(["gauge"]);
    await revokeToken(as(root), { tokenId: first.token.id });
    const next = await createToken(as(root), input);
    await write(next.secret, tell("jobs"));
    expect(await kindOf("jobs")).toEqual(["counter"]);
  });
});

describe("a path that takes nothing", () => {
  const UNKNOWN = [
    "/v1/a b",
    "/v1/\u202e",
    "/v1/\u00e9",
    "/v1/log",
    "/v1/logs/",
    "/v1/日本",
    "/constructor",
    "/",
    "/v1/a\tb",
  ];

  it("is 404 with the nearest that does, for whoever asks, and takes no place of anybody", async () => {
    const { secret } = await tokenOf(root);
    const runtime = {
      db: database.db,
      dataDir: collector.dataDir,
      now: () => new Date(),
      telemetry: new FakeTelemetry(),
    };
    const ask = (path: string, headers: Record<string, string>) =>
      forwardIngest(
        runtime,
        new Request("http://localhost/", { method: "POST", body: LOGS, headers: { ...JSON_TYPE, ...headers } }),
        path,
      );
    for (const path of UNKNOWN)
      for (const headers of [{}, bearer(secret)]) {
        const answer = await ask(path, headers);
        const text = await answer.text();
        expect([path, answer.status, text]).toEqual([path, 404, expect.stringMatching(/allowed: .*\/v1\/logs/)]);
        expect(text).not.toMatch(/[\u202e\t]/);
      }
    expect(await (await ask("/v1/log", {})).text()).toMatch(/did you mean \/v1\/logs\? allowed: /);
    for (let i = 0; i < 1_005; i++) await (await ask(UNKNOWN[i % 3] ?? "", bearer(secret))).text();
    expect((await send(bearer(secret))).status).toBe(200);
    expect((await fetch(`${web.url}/api/ingest/ready`)).status).toBe(200);
    expect(forwardRefusal()).toBeNull();
  }, 60_000);
});

describe("on the way", () => {
  it("a sender with 400 requests under way is refused more of them, others are served, and readiness says so", async () => {
    const { secret } = await tokenOf(root);
    const other = await createToken(as(root), { name: "another", role: "ingest", expiresInDays: 1 });
    const { hostname, port } = new URL(web.url);
    let ended = false;
    const sockets = new Set<Socket>();
    const hold = () => {
      const socket = connect(Number(port), hostname);
      sockets.add(socket);
      socket.on("error", () => {}); // the test ends them
      socket.write(
        `POST /api/ingest/v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer ${secret}\r\ncontent-length: 1000\r\n\r\n{`,
      );
      // a busy collector refuses some of so many connections: those come again
      socket.once("data", () => socket.destroy());
      socket.once("close", () => {
        sockets.delete(socket);
        if (!ended) setTimeout(() => ended || hold(), 100);
      });
    };
    for (let i = 0; i < 410; i++) hold();
    await expect.poll(async () => (await send(bearer(secret))).status, { timeout: 20_000 }).toBe(429);
    expect((await send(bearer(other.secret))).status).toBe(200);
    const ready = await fetch(`${web.url}/api/ingest/ready`);
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringMatching(/are refused: \d+ are under way/)]);
    ended = true;
    for (const socket of sockets) socket.destroy();
    await expect.poll(async () => (await send(bearer(secret))).status, { timeout: 20_000 }).toBe(200);
    await expect.poll(forwardRefusal, { timeout: 20_000 }).toBeNull();
  }, 90_000);

  it("the tokens of one person take 600 places together, and leave others and this machine theirs", async () => {
    const ada = await addPerson(database.db, { name: "Ada", role: "operator" });
    expect((await send(bearer((await tokenOf(ada)).secret))).status).toBe(200);
    const held: (() => void)[] = [];
    const holder = globalThis as unknown as { __operateForwarding: ForwardingSlots };
    const passing = holder.__operateForwarding;
    const hold = (actor: string) =>
      void passing.slots.withSlot(
        { actor, owner: ada.id },
        () => new Promise<void>((resolve) => held.push(resolve)),
        () => undefined,
      );
    for (let i = 0; i < 1_000; i++) hold(`tok_${i % 3}`);
    expect(held).toHaveLength(600);
    expect((await send(bearer((await tokenOf(ada)).secret))).status).toBe(429);
    expect((await send(bearer((await tokenOf(root)).secret))).status).toBe(200);
    process.env.OPERATE_INGEST_SECRET = "the-ingest-secret-of-this-machine";
    expect((await send(bearer(process.env.OPERATE_INGEST_SECRET))).status).toBe(200);
    delete process.env.OPERATE_INGEST_SECRET;
    for (const end of held) end();
    await expect.poll(async () => (await send(bearer((await tokenOf(ada)).secret))).status).toBe(200);
    passing.refusedAtMs = Number.NEGATIVE_INFINITY; // instead of waiting until the refusal is told no more
  }, 60_000);

  it("places of instances are those of a service in an environment, and Operate's own telemetry has its own", async () => {
    process.env.OPERATE_INGEST_SECRET = "the-ingest-secret-of-this-machine";
    const secret = process.env.OPERATE_INGEST_SECRET;
    const tokenIn = (environment: string, service = "shop") =>
      instanceToken(secret, { service, environment, instance: "inst_1" });
    await saveInstances("inst_1");
    expect((await send(bearer(tokenIn("staging")))).status).toBe(200);
    const holder = globalThis as unknown as { __operateForwarding: ForwardingSlots };
    const passing = holder.__operateForwarding;
    let end = () => {};
    const held = new Promise<void>((resolve) => {
      end = resolve;
    });
    const hold = async (environment: string, service?: string) => {
      const { writer = "" } = await identifySender(
        { db: database.db, now: () => new Date() },
        new Headers(bearer(tokenIn(environment, service))),
        () => {},
      );
      const nothing = () => undefined;
      for (let i = 0; i < 400; i++)
        void passing.reserved.withSlot(
          writer,
          () => held,
          () => passing.instances.withSlot(writer, () => held, nothing),
        );
    };
    await hold("staging");
    expect((await send(bearer(tokenIn("staging")))).status).toBe(429);
    expect((await send(bearer(tokenIn("production")))).status).toBe(200);
    for (const service of ["a", "b", "c"]) await hold("production", service);
    expect(passing.instances.isFull).toBe(true);
    expect((await send(bearer(tokenIn("production")))).status).toBe(200);
    expect((await send(bearer(secret))).status).toBe(200);
    expect(passing.own.used).toBe(0);
    end();
    await expect.poll(async () => (await send(bearer(tokenIn("staging")))).status).toBe(200);
    delete process.env.OPERATE_INGEST_SECRET;
    passing.refusedAtMs = Number.NEGATIVE_INFINITY;
  }, 30_000);

  it.each(["this machine", "This  Machine", "ｉnstances of checkout", "instances of "])(
    "no token is named as Operate's own senders are: %j",
    async (name) => {
      await expect(createToken(as(root), { name, role: "ingest", expiresInDays: 1 })).rejects.toMatchObject({
        code: "INVALID",
      });
      const { secret, token } = await tokenOf(root);
      await database.db.apiToken.update({ where: { id: token.id }, data: { name } });
      const sender = await identifySender(
        { db: database.db, now: () => new Date() },
        new Headers(bearer(secret)),
        () => {},
      );
      expect(sender).toMatchObject({ name: `token ${token.prefix} of Root`, claimant: { actor: token.id } });
    },
  );

  it("a body of 100 MB is refused, whether its length is declared or not, and the sender sees the answer", async () => {
    const headers = bearer((await tokenOf(root)).secret);
    const declared = await send(headers, "/v1/logs", new Uint8Array(100_000_000));
    expect([declared.status, await declared.text()]).toEqual([413, expect.stringContaining("larger than 16777216")]);
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 1_000_000;
        if (sent > 100_000_000) controller.close();
        else controller.enqueue(new Uint8Array(1_000_000));
      },
    });
    const counted = await fetch(`${web.url}/api/ingest/v1/logs`, {
      ...{ method: "POST", body: endless, headers: { ...JSON_TYPE, ...headers }, duplex: "half" },
    } as RequestInit);
    expect(counted.status).toBe(413);
    expect((await send(headers)).status).toBe(200);
  }, 60_000);

  it("a sender that stops in the middle holds nobody up", async () => {
    const { secret } = await tokenOf(root);
    const { hostname, port } = new URL(web.url);
    const sockets = Array.from({ length: 100 }, () => {
      const socket = connect(Number(port), hostname);
      socket.on("error", () => {}); // the test ends them
      socket.write(
        `POST /api/ingest/v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer ${secret}\r\ncontent-length: 1000\r\n\r\n{`,
      );
      return socket;
    });
    expect((await send(bearer(secret))).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    expect((await send(bearer(secret))).status).toBe(200);
  });

  it("senders are told to come again while the collector is away", async () => {
    const { secret } = await tokenOf(root);
    expect((await fetch(`${web.url}/api/ingest/ready`)).status).toBe(200);
    await collector.end("SIGTERM");
    for (const path of ["/v1/traces", "/api/v1/write"]) {
      const answer = await send(bearer(secret), path);
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    }
    expect((await fetch(`${web.url}/api/ingest/ready`)).status).toBe(503);
    await collector.start();
    expect((await send(bearer(secret))).status).toBe(200);
  });
});
