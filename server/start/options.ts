import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { AppError } from "../agent/kernel/errors.ts";

export interface StartOptions {
  host: string;
  port: number;
  /** how people reach the console; without a slash at the end */
  baseUrl: string;
  /** null: the embedded PostgreSQL */
  databaseUrl: string | null;
  dataDir: string;
  configFile: string;
  /** the built-in shop runs because no configuration was given */
  sample: boolean;
  /** hot reload */
  dev: boolean;
}

export const DEFAULT_PORT = 4310;
const DEFAULT_HOST = "127.0.0.1";
const EVERY_ADDRESS = new Set(["0.0.0.0", "::"]);

/**
 * Reads flags and environment; relative paths start from `root`.
 * @throws INVALID naming the flag or variable, what was found and what is allowed.
 */
export function readOptions(args: string[], env: NodeJS.ProcessEnv, root: string): StartOptions {
  const flags = readFlags(args);
  const port = readPort(env.PORT);
  const host = env.HOST || DEFAULT_HOST;
  const sample = !env.OPERATE_CONFIG && !flags["no-sample"];
  const builtIn = join(root, "examples", sample ? "shop/operate.config.yaml" : "empty.config.yaml");
  return {
    host,
    port,
    baseUrl: readBaseUrl(env.OPERATE_BASE_URL) ?? `http://${hostInUrl(host)}:${port}`,
    databaseUrl: env.DATABASE_URL || null,
    dataDir: resolve(root, env.OPERATE_DATA_DIR || ".operate"),
    configFile: env.OPERATE_CONFIG ? resolve(root, env.OPERATE_CONFIG) : builtIn,
    sample,
    dev: flags.dev,
  };
}

function readFlags(args: string[]) {
  try {
    const options = {
      "no-sample": { type: "boolean", default: false },
      dev: { type: "boolean", default: false },
    } as const;
    return parseArgs({ args, options }).values;
  } catch (cause) {
    const unknown = args.find((arg) => arg !== "--no-sample" && arg !== "--dev");
    throw new AppError("INVALID", `\`${unknown ?? args.join(" ")}\` is not an option. Allowed: --no-sample, --dev.`, {
      cause,
    });
  }
}

function readPort(text: string | undefined): number {
  if (!text) return DEFAULT_PORT;
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new AppError("INVALID", "PORT is not a port; it must be a whole number from 1 to 65535.");
}

function readBaseUrl(text: string | undefined): string | null {
  if (!text) return null;
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol)) return url.href.replace(/\/$/, "");
  throw new AppError(
    "INVALID",
    "OPERATE_BASE_URL is not an address; it must be one such as https://operate.example.com.",
  );
}

/** Under which name this machine itself reaches what is bound to `host`. */
export function hostInUrl(host: string): string {
  if (EVERY_ADDRESS.has(host)) return DEFAULT_HOST;
  return host.includes(":") ? `[${host}]` : host;
}
