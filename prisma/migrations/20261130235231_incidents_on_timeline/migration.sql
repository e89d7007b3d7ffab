-- The history of incidents goes on the time line, and when deployments were requested. Of deployments also what is older
-- than 90 days goes there, as far back as they are kept. '3' is the lowest number of a transaction, and ids below all others
-- stand in front of them: behind every cursor that was there before, so that no consumer takes them for news.
INSERT INTO "timeline_event" ("id", "xid", "key", "at", "kind", "service", "environment", "subject", "level", "title", "detail")
SELECT least(0, (SELECT min("id") FROM "timeline_event")) - row_number() OVER (ORDER BY h."at" DESC, h."rank" DESC, h."key" DESC), '3'::xid8,
    h."key", h."at", h."kind", h."service", h."environment", h."subject", h."level", h."title", h."detail"
FROM (
    SELECT 1 AS "rank", 'deployment-requested:' || d."id" AS "key", d."createdAt" AS "at", 'deployment.requested' AS "kind",
        d."service", d."environment", d."id" AS "subject", 'info' AS "level",
        'Deployment of ' || d."service" || ' ' || d."version" || ' to ' || d."environment" || ' was requested' AS "title",
        jsonb_build_object(
            'kind', d."kind", 'strategy', d."strategy", 'version', d."version", 'previousVersion', d."previousVersion"
        ) AS "detail"
    FROM "deployment" d
    UNION ALL
    SELECT 2, 'deployment-started:' || d."id", d."startedAt", 'deployment.started', d."service", d."environment", d."id", 'info',
        'Deployment of ' || d."service" || ' ' || d."version" || ' to ' || d."environment" || ' started',
        jsonb_build_object(
            'kind', d."kind", 'strategy', d."strategy", 'version', d."version", 'previousVersion', d."previousVersion"
        )
    FROM "deployment" d
    WHERE d."startedAt" IS NOT NULL
    UNION ALL
    SELECT 3, 'deployment-ended:' || d."id", d."finishedAt", 'deployment.ended', d."service", d."environment", d."id",
        CASE d."status" WHEN 'succeeded' THEN 'ok' WHEN 'failed' THEN 'error' ELSE 'warning' END,
        'Deployment of ' || d."service" || ' ' || d."version" || ' to ' || d."environment" || ' '
            || CASE d."status" WHEN 'rolled_back' THEN 'was rolled back' WHEN 'cancelled' THEN 'was cancelled' ELSE d."status" END,
        jsonb_build_object(
            'kind', d."kind", 'strategy', d."strategy", 'version', d."version", 'previousVersion', d."previousVersion",
            'ending', d."status", 'summary', d."summary", 'why', '', 'failure', NULL,
            'startedAt', to_char(d."startedAt" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        )
    FROM "deployment" d
    WHERE d."finishedAt" IS NOT NULL AND d."status" IN ('succeeded', 'rolled_back', 'failed', 'cancelled')
    UNION ALL
    SELECT 1, 'incident-opened:' || i."id", i."openedAt", 'incident.opened', i."service", i."environment", i."id",
        CASE i."severity" WHEN 'low' THEN 'info' WHEN 'critical' THEN 'error' ELSE 'warning' END,
        'INC-' || i."number" || ' opened: ' || i."title",
        jsonb_build_object('label', 'INC-' || i."number", 'title', i."title", 'severity', i."severity")
    FROM "incident" i
    UNION ALL
    SELECT 2, 'incident-status:' || e."id", e."at", 'incident.status', i."service", i."environment", i."id",
        CASE e."detail"->>'to' WHEN 'resolved' THEN 'ok' ELSE 'info' END,
        'INC-' || i."number" || ' '
            || CASE WHEN e."detail"->>'from' = 'resolved' AND e."detail"->>'to' = 'open' THEN 'reopened'
                ELSE replace(e."detail"->>'to', '_', ' ') END
            || ': ' || i."title",
        jsonb_build_object(
            'label', 'INC-' || i."number", 'title', i."title", 'severity', i."severity",
            'from', e."detail"->>'from', 'to', e."detail"->>'to'
        )
    FROM "incident_event" e
    JOIN "incident" i ON i."id" = e."incidentId"
    WHERE e."kind" = 'status'
        AND e."detail"->>'from' IN ('open', 'acknowledged', 'in_progress', 'resolved', 'closed')
        AND e."detail"->>'to' IN ('open', 'acknowledged', 'in_progress', 'resolved', 'closed')
) h
WHERE NOT EXISTS (SELECT 1 FROM "timeline_event" known WHERE known."key" = h."key");

-- CreateIndex
CREATE INDEX "timeline_event_kind_at_idx" ON "timeline_event"("kind", "at" DESC);

-- CreateIndex
CREATE INDEX "timeline_event_service_at_idx" ON "timeline_event"("service", "at" DESC);
