-- CreateTable
CREATE TABLE "log_alert_firing" (
    "pattern_id" INTEGER NOT NULL,
    "service" TEXT NOT NULL,
    "environment" TEXT NOT NULL,
    "firing_since" TIMESTAMPTZ(3) NOT NULL,
    "told_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "log_alert_firing_pkey" PRIMARY KEY ("pattern_id","service","environment")
);

-- AddForeignKey
ALTER TABLE "log_alert_firing" ADD CONSTRAINT "log_alert_firing_pattern_id_fkey" FOREIGN KEY ("pattern_id") REFERENCES "log_pattern"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What fires is known by the incidents that are open for it.
INSERT INTO "log_alert_firing" ("pattern_id", "service", "environment", "firing_since", "told_at")
SELECT p."id", coalesce(i."service", ''), coalesce(i."environment", ''), i."openedAt", i."openedAt"
FROM "incident" i
JOIN "log_pattern" p ON i."openKey" LIKE 'log-pattern:%' AND p."id"::text = split_part(i."openKey", ':', 2);
