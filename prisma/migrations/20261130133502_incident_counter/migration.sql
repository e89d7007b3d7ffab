-- A sequence skips up to 32 numbers when PostgreSQL crashes, and those of what is rolled back: gaps look like lost incidents.
ALTER TABLE "incident" ALTER COLUMN "number" DROP DEFAULT;
DROP SEQUENCE IF EXISTS "incident_number_seq";

-- CreateTable
CREATE TABLE "incident_counter" (
    "singleton" BOOLEAN NOT NULL DEFAULT true,
    "last" INTEGER NOT NULL,

    CONSTRAINT "incident_counter_pkey" PRIMARY KEY ("singleton")
);

-- continues after the highest number there is
INSERT INTO "incident_counter" ("last") SELECT coalesce(max("number"), 0) FROM "incident";
