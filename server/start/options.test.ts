import { describe, expect, it } from "vitest";
import { readOptions } from "./options.ts";

const read = (args: string[] = [], env: Record<string, string> = {}) =>
  readOptions(args, env as unknown as NodeJS.ProcessEnv, "/srv/operate");

describe("readOptions", () => {
  it("has a default for everything", () => {
    expect(read()).toEqual({
      host: "127.0.0.1",
      port: 4310,
      baseUrl: "http://127.0.0.1:4310",
      databaseUrl: null,
      dataDir: "/srv/operate/.operate",
      configFile: "/srv/operate/examples/shop/operate.config.yaml",
      sample: true,
      dev: false,
    });
  });

  it.each([
    [["--no-sample"], {}, { sample: false, configFile: "/srv/operate/examples/empty.config.yaml" }],
    [["--dev"], {}, { dev: true }],
    [[], { OPERATE_CONFIG: "my.yaml" }, { sample: false, configFile: "/srv/operate/my.yaml" }],
    [[], { OPERATE_DATA_DIR: "/var/lib/operate" }, { dataDir: "/var/lib/operate" }],
    [[], { PORT: "80", HOST: "0.0.0.0" }, { port: 80, baseUrl: "http://127.0.0.1:80" }],
    [[], { HOST: "::1" }, { baseUrl: "http://[::1]:4310" }],
    [[], { OPERATE_BASE_URL: "https://ops.example.com/" }, { baseUrl: "https://ops.example.com" }],
    [[], { PORT: "", HOST: "", DATABASE_URL: "", OPERATE_CONFIG: "" }, { port: 4310, databaseUrl: null, sample: true }],
  ])("reads %j and %j", (args, env, expected) =>
    expect(read(args, env as Record<string, string>)).toMatchObject(expected),
  );

  it.each([
    [["--sample"], {}, "`--sample` is not an option. Allowed: --no-sample, --dev."],
    [["--dev=1"], {}, "`--dev=1` is not an option"],
    [[], { PORT: "abc" }, "PORT is not a port; it must be a whole number from 1 to 65535."],
    [[], { PORT: "0" }, "PORT is not a port; it must be a whole number from 1 to 65535."],
    [[], { PORT: "65536" }, "PORT is not a port; it must be a whole number from 1 to 65535."],
    [[], { PORT: "1e3" }, "PORT is not a port; it must be a whole number from 1 to 65535."],
    [[], { OPERATE_BASE_URL: "ops.example.com" }, "OPERATE_BASE_URL is not an address"],
  ])("refuses %j and %j", (args, env, message) => {
    expect(() => read(args, env as Record<string, string>)).toThrow(message);
  });
});
