-- The history of health goes on the time line. What incidents have taken comes first, in the order it was written. Their
-- cursor stands behind it. '3' is the lowest number of a transaction.
INSERT INTO "timeline_event" ("xid", "key", "at", "kind", "service", "environment", "subject", "level", "title", "detail")
SELECT '3'::xid8, c."key", c."at", 'health.changed', t."service", t."environment", t."id",
    CASE c."to" WHEN 'up' THEN 'ok' WHEN 'degraded' THEN 'warning' WHEN 'down' THEN 'error' ELSE 'info' END,
    t."name" || ' ' || c."to" || coalesce(', caused by ' || cause."name", ''),
    jsonb_build_object(
        'target', t."name", 'from', c."from", 'to', c."to",
        'causedBy', CASE WHEN cause."id" IS NULL THEN NULL ELSE jsonb_build_object('id', cause."id", 'name', cause."name") END,
        'message', c."message", 'muted', t."muted", 'flapping', c."flapping"
    )
FROM "health_change" c
JOIN "health_target" t ON t."id" = c."targetId"
LEFT JOIN "health_target" cause ON cause."id" = c."causedBy"
ORDER BY c."deliveredAt" IS NULL, c."sequence";

INSERT INTO "timeline_cursor" ("consumer", "xid", "eventId")
SELECT 'incidents', '3'::xid8, coalesce(max(e."id"), 0)
FROM "timeline_event" e JOIN "health_change" c ON c."key" = e."key" AND c."deliveredAt" IS NOT NULL;

-- DropIndex
DROP INDEX "health_change_deliveredAt_sequence_idx";

-- AlterTable
ALTER TABLE "health_change" DROP COLUMN "deliveredAt",
DROP COLUMN "shard";
