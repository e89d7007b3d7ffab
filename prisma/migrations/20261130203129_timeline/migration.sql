-- CreateTable
CREATE TABLE "timeline_event" (
    "id" BIGSERIAL NOT NULL,
    "xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "key" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "kind" TEXT NOT NULL,
    "service" TEXT,
    "environment" TEXT,
    "subject" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "detail" JSONB NOT NULL,

    CONSTRAINT "timeline_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "timeline_cursor" (
    "consumer" TEXT NOT NULL,
    "xid" xid8 NOT NULL,
    "eventId" BIGINT NOT NULL,
    "owner" TEXT,
    "leaseUntil" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "timeline_cursor_pkey" PRIMARY KEY ("consumer")
);

-- CreateTable
CREATE TABLE "timeline_postponed" (
    "consumer" TEXT NOT NULL,
    "eventId" BIGINT NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "retryAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "timeline_postponed_pkey" PRIMARY KEY ("consumer","eventId")
);

-- CreateIndex
CREATE UNIQUE INDEX "timeline_event_key_key" ON "timeline_event"("key");

-- CreateIndex
CREATE INDEX "timeline_event_xid_id_idx" ON "timeline_event"("xid", "id");

-- CreateIndex
CREATE INDEX "timeline_event_at_idx" ON "timeline_event"("at" DESC);

-- CreateIndex
CREATE INDEX "timeline_postponed_eventId_idx" ON "timeline_postponed"("eventId");

-- AddForeignKey
ALTER TABLE "timeline_postponed" ADD CONSTRAINT "timeline_postponed_eventId_fkey" FOREIGN KEY ("eventId") REFERENCES "timeline_event"("id") ON DELETE CASCADE ON UPDATE CASCADE;
