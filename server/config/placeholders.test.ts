import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dataWithoutConfidential, type Secrecy } from "../agent/kernel/confidential/confidential.ts";
import { checkConfig, checkForeignConfig, loadConfig } from "./load.ts";
import { isNamingPlace } from "./placeholders.ts";
import { secrecyOf } from "./secrecy.ts";
import { passwordsIn } from "./secret-parts.ts";

const CANARY = "canary4f1c9e7d2b";
const env = {
  NODE_ENV: "test",
  OPERATE_SECRET_KEY: `${CANARY}-secret-key-of-the-installation`,
  OPERATE_SECRET_API: `${CANARY}-api`,
  DATABASE_URL: `postgresql://operate:${CANARY}@127.0.0.1:5432/operate`,
  SHOP_VALUE: `${CANARY} shop`,
  SHOP_NAME: `${CANARY}name`,
} as unknown as NodeJS.ProcessEnv;

const service = (extra: { version?: string; port?: string; name?: string; depends?: string; path?: string }) => `
services:
  - name: ${extra.name ?? "shop"}
    dependsOn: [${extra.depends ?? ""}]
    healthPath: ${extra.path ?? "/healthz"}
    local: { command: [node, x.mjs], versions: [{ version: 1.0.0 }] }
    environments: { production: { initialVersion: ${extra.version ?? "1.0.0"}, port: ${extra.port ?? "0"} } }
`;
const placeholders = ["${env:SHOP_VALUE}", "${env:DATABASE_URL}", "${secret:api}", "${env:OPERATE_SECRET_KEY}"];
/** one text for every kind of rule: a pattern, a type, a reference, a choice, an address, a rule between keys */
const texts = placeholders.flatMap((whole) => {
  const quoted = JSON.stringify(whole);
  return [
    service({ version: quoted }),
    service({ port: quoted }),
    service({ name: quoted }),
    service({ depends: quoted }),
    service({ path: quoted }),
    `deploymentConfig: { cicdProvider: ${quoted} }`,
    `deploymentConfig: { environments: [${quoted}, ${quoted}] }`,
    `deploymentConfig: { waves: [{ environment: ${quoted}, requires: [${quoted}] }] }`,
    `monitoringConfig: { metricsEndpoint: ${quoted}, retention: ${quoted} }`,
    `monitoringConfig: { healthEndpoints: [{ name: a, type: ${quoted} }, { name: ${quoted}, type: http, url: ${quoted} }] }`,
    `monitoringConfig: { scrape: [{ name: ${quoted}, url: ${quoted} }, { name: ${quoted}, url: ${quoted} }] }`,
    `scalingConfig: { minInstances: ${quoted} }`,
    `securityConfig: { scanSchedule: ${quoted} }\nsloConfig: { evaluationWindow: ${quoted} }`,
    `traffic: [{ service: ${quoted}, environment: ${quoted} }]`,
    `${quoted}: 1`,
    `outbound: ${quoted}`,
  ];
});

describe("messages about a configuration", () => {
  test.each(texts)("hold no resolved value: %s", (text) => {
    const own = checkConfig(text, env);
    expect(own.ok ? "" : JSON.stringify(own.issues)).not.toContain(CANARY.slice(0, 10));
    const foreign = checkForeignConfig(text, env, new Set(["SHOP_VALUE"]));
    expect(JSON.stringify(foreign)).not.toContain(CANARY.slice(0, 10));
  });

  test("say where and which placeholder, for the file's owner", () => {
    const checked = checkConfig(service({ path: '"${env:SHOP_VALUE}"' }), env);
    expect(checked).toMatchObject({
      ok: false,
      issues: [
        { line: 5, key: "services[0].healthPath", message: expect.stringMatching(/\$\{env:SHOP_VALUE\}.*start with/) },
      ],
    });
  });

  test("a placeholder that resolves to something right is right", () => {
    const right = { ...env, PATHS: "/live", VERSION: "1.0.0" } as unknown as NodeJS.ProcessEnv;
    const checked = checkConfig(service({ path: '"${env:PATHS}"', version: '"${env:VERSION}"' }), right);
    expect(checked.ok && checked.config.services[0]?.healthPath).toBe("/live");
  });
});

describe("the text of a caller", () => {
  test("is told of a missing variable only when the running configuration uses it", () => {
    const text = service({ path: '"${env:NOT_SET_ONE}"', version: '"${env:NOT_SET_TWO}"' });
    const { issues, unchecked } = checkForeignConfig(text, env, new Set(["NOT_SET_ONE"]));
    expect(issues.map(({ message }) => message)).toEqual([
      "${env:NOT_SET_ONE} needs the environment variable NOT_SET_ONE, which is not set",
    ]);
    expect(unchecked).toEqual(["${env:NOT_SET_TWO}"]);
  });

  test("gets one answer whether a variable is set or not", () => {
    const [set, unset] = ["SHOP_VALUE", "NOT_SET_ONE"].map((name) =>
      JSON.stringify(checkForeignConfig(service({ path: `"\${env:${name}}"` }), env, new Set())).replaceAll(name, "X"),
    );
    expect(set).toBe(unset);
  });

  test("has its other mistakes reported beside an unresolved placeholder", () => {
    const text = `${service({ path: '"${env:ANY}"' })}scalingConfig: { minInstances: "\${env:ANY}", nonsense: 1 }`;
    expect(
      checkForeignConfig(text, env, new Set())
        .issues.map(({ key }) => key)
        .sort(),
    ).toEqual(["scalingConfig.minInstances", "scalingConfig.nonsense"]);
  });
});

describe("files", () => {
  const folder = mkdtempSync(join(tmpdir(), "operate-placeholders-"));
  const file = join(folder, "operate.config.yaml");
  beforeAll(() => writeFileSync(file, service({ path: '"${env:SHOP_VALUE}"' })));
  afterAll(() => rmSync(folder, { recursive: true }));

  test("a start and the command-line check say nothing of the value", () => {
    expect(() => loadConfig(file, env)).toThrow(/SHOP_VALUE/);
    expect(() => loadConfig(file, env)).not.toThrow(CANARY);
    const root = resolve(import.meta.dirname, "../..");
    const { stdout, stderr, status } = spawnSync(process.execPath, ["scripts/config-check.ts", file], {
      ...{ cwd: root, encoding: "utf8" },
      env: { ...process.env, ...env },
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/services\[0\]\.healthPath/);
    expect(stdout + stderr).not.toContain(CANARY);
  });
});

describe("what a place says of its value", () => {
  const env = ["services", 0, "environments", "production", "env"];
  test.each<[PropertyKey[], string, boolean, Secrecy]>([
    [[...env, "name"], "hunter2", false, "in doubt"],
    [["monitoringConfig", "endpointHeaders", "service"], "abcdef", false, "in doubt"],
    [["monitoringConfig", "endpointHeaders", "authorization"], "abcdef", false, true],
    [["monitoringConfig", "endpointHeaders", "x-region"], "eu-west-1", false, false],
    [[...env, "anything"], "k3y-9a", false, "in doubt"],
    [["services", 0, "environments", "production", "initialVersion"], "1.0.0", true, false],
    [["services", 0, "name"], "shop", true, false],
    [["deploymentConfig", "cicdProvider"], "local", false, false],
    [["monitoringConfig", "metricsEndpoint"], "production", false, false],
    [["monitoringConfig", "metricsEndpoint"], "us-gov-west-1", false, false],
    [["services", 0, "healthPath"], "/live/7f3a9c51e07f3a9c51e0", false, true],
  ])("%j of %j", (path, value, naming, secret) =>
    expect([isNamingPlace(path), secrecyOf(path, value)]).toEqual([naming, secret]),
  );

  const SECRETS = {
    ...{ PIN: "swordfish", API_KEY: "abcdef", DB_PASS: "hunter", PGPASSWORD: "postgres", dbPassword: "letmein" },
    ...{ GITHUB_TOKEN: "abc-def-ghi", CLIENT_SECRET: "eu-west-1", SMTP_PW: "2.10.0", STORAGE_ACCOUNT_KEY: "abcdefgh" },
    ...{
      DATABASE_URL: "postgres://ops:pw@db/x",
      REDIS_URL: "redis://:pw@redis:6379",
      ANYTHING: "wJalrXUtnFEMIK7MDENGbPx",
    },
    ...{ HOOK: "https://hooks.example.com/T00000/B0Xk29dKq81ZpL4w", SOME_ID: "1f8e2c9a-77b0-4d1e-9c33-5ab0d2e4f671" },
  };
  test.each(Object.entries(SECRETS))("the secret %s=%s", (name, value) =>
    expect(secrecyOf([...env, name], value)).toBe(true),
  );

  const ORDINARY = {
    ...{
      AWS_REGION: "eu-west-1",
      ZONE: "eu-west-1a",
      GCP: "europe-west4",
      AZURE_REGION: "eastus2",
      GOV: "us-gov-west-1",
    },
    ...{ APP_VERSION: "2.10.0", IMAGE_TAG: "v2.10.0-rc1", PORT: "100000", MEMORY: "512Mi", RATIO: "0.12345" },
    ...{ LOG_LEVEL: "warning", NODE_ENV: "production", TZ: "Europe/Berlin", LANG: "en_US.UTF-8", DATE: "2026-11-25" },
    ...{ DB_HOST: "db.internal.example.com", CACHE: "redis:6379", IP: "10.12.14.16", NETWORK: "10.12.0.0/16" },
    ...{
      DATA: "/var/lib/shop/data",
      SHOP_URL: "http://checkout:3000/api",
      TOKEN_URL: "https://login.example.com/token",
    },
    ...{ TEAM: "checkout-payments", TOKEN_TTL: "3600000", SORT_KEY: "created_at", AUTH_MODE: "oauth" },
    ...{ MAX_TOKENS: "100000", TOKEN_EXPIRY: "3600000", JWT_EXPIRATION: "15 min", PASSWORD_POLICY: "strict" },
    ...{ COOKIE_DOMAIN: "example.com", SECRET_PROVIDER: "hashicorp", PASSWORD_FILE: "/run/secrets/db", TTL: "1h30m" },
    ...{ TOKENIZER: "wordpiece", BYPASS: "enabled", PWD: "/srv/shop", AUTHOR: "shakespeare", IP6: "2001:db8::1" },
  };
  test.each(Object.entries(ORDINARY))("the ordinary %s=%s", (name, value) =>
    expect(secrecyOf([...env, name], value)).toBe(false),
  );

  const SECRET_WORDS = {
    ...{ ADMINPASS: "sunshine", SMTP_PASS2: "sunshine", REDIS_PASS_1: "sunshine", DB_PASSWORD_2: "sunshine" },
    ...{ PASS_PHRASE: "sunshine", SSHKEY: "sunshine", API_KEY2: "sunshine", MYSQL_PWD: "abc-def" },
    ...{ SOURCE: "u:hunter2@tcp(db:3306)/x", CONNECTION: "host=db user=u password=hunter2" },
  };
  test.each(Object.entries(SECRET_WORDS))("the secret %s=%s, by its name or by a password in it", (name, value) => {
    expect(secrecyOf([...env, name], value)).toBe(true);
    expect(secrecyOf([...env, "LOGIN"], value, name)).toBe(true);
  });

  const DOUBTS = [
    ...["AUTH", "KEY", "DB_KEY", "SESSION_KEY", "WEBHOOK", "LOGIN", "CERT", "SIGNING"].flatMap((name) =>
      ["sunshine", "correct-horse", "483920175", "my.secret.value", "eu-west-1", "/run/x"].map((value) => [
        name,
        value,
      ]),
    ),
    ...["API_AUTH", "SENTRY_AUTH", "AUTH_CODE", "WEBHOOK_URL", "TOKEN_URL", "AUTH_MODE", "TOKEN_LIMIT"].map((name) => [
      name,
      "abc-def-ghi",
    ]),
    ...["X", "TOPIC", "NAME"].flatMap((name) =>
      ["correct-horse", "my_pass", "a.b.secret", "admin:12345"].map((value) => [name, value]),
    ),
    ...["URL", "HOST", "WEBHOOK_URL"].flatMap((name) =>
      ["https://ntfy.sh/my-private-topic", "https://discord.com/api/webhooks/123456789/abcdefghijklmnop"].map(
        (value) => [name, value],
      ),
    ),
  ] as [string, string][];
  test("what is in doubt, by the name of the place or of the variable", () => {
    for (const [name, value] of DOUBTS) {
      expect([name, value, secrecyOf([...env, name], value)]).toEqual([name, value, "in doubt"]);
      expect([name, value, secrecyOf([...env, "X"], value, name)]).toEqual([name, value, "in doubt"]);
    }
    expect(secrecyOf(["channels", 0, "url"], "/my-private-topic")).toBe("in doubt");
    expect(secrecyOf(["integrations", 0, "dsn"], "sunshine")).toBe("in doubt");
    expect(secrecyOf(["canary", "passScore"], "100000")).toBe(false);
    expect(secrecyOf(["command", 1], "hunter2")).toBe("in doubt");
    expect(secrecyOf(["monitoringConfig", "metricsEndpoint"], "europe-west4", "REGION")).toBe(false);
  });

  test("an address and a connection text hold passwords, which are secrets alone too", () => {
    expect(passwordsIn("postgres://ops:p%40ss@db/x?sslmode=require")).toEqual(["p%40ss", "p@ss"]);
    expect(passwordsIn("host=db user=u password=hunter2")).toEqual(["hunter2"]);
    expect(passwordsIn("Server=db;Pwd=hunter2;")).toEqual(["hunter2"]);
    expect(passwordsIn("Endpoint=sb://x/;SharedAccessKey=abc+def==")).toEqual(["abc+def=="]);
    expect(passwordsIn("grant=x&client_secret=hunter2&max_tokens=4096")).toEqual(["hunter2"]);
    expect(passwordsIn('{"user":"ops","db_password": "hunter2","token_uri":"https://x"}')).toEqual(["hunter2"]);
    expect(passwordsIn("http://checkout:3000/api?sort=key")).toEqual([]);
  });

  test("a configuration hides what its variables hold, by their names and by the passwords in them", () => {
    const folder = mkdtempSync(join(tmpdir(), "operate-secrecy-"));
    const file = join(folder, "operate.config.yaml");
    const named = { LOGIN: "${env:BOX_PASSWORD}", STORE: "${env:STORE_DSN}", AUTH: "${env:BOX}" };
    const text = service({ name: '"${env:BOX_TOKEN}"' }).replace("port: 0", `port: 0, env: ${JSON.stringify(named)}`);
    writeFileSync(file, text);
    try {
      loadConfig(file, {
        ...{ NODE_ENV: "test", BOX_PASSWORD: "sunflower-seed", BOX: "marmalade", BOX_TOKEN: "tomato-soup" },
        STORE_DSN: "mysql://ops:walnuts7@db/x",
      } as unknown as NodeJS.ProcessEnv);
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(
      dataWithoutConfidential(["xsunflower-seed", "as walnuts7", "xtomato-soup", "password=marmalade", "marmalades"]),
    ).toEqual([
      "x${env:BOX_PASSWORD}",
      "as ${env:STORE_DSN}",
      "x${env:BOX_TOKEN}",
      "password=${env:BOX}",
      "marmalades",
    ]);
  });
});
