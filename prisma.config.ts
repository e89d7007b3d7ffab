import { defineConfig } from "prisma/config";

// `prisma generate` would download an engine binary it never runs; any existing file stops it.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({
  schema: "prisma/schema",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env.DATABASE_URL ?? "postgresql://not-used-by-generate" },
});
