-- The history of deployments goes on the time line, as far back as it is kept. '3' is the lowest number of a transaction,
-- and negative ids stand in front of all others: behind every cursor that was there before, so that no consumer takes
-- them for news, and in front of one that begins anew.
INSERT INTO "timeline_event" ("id", "xid", "key", "at", "kind", "service", "environment", "subject", "level", "title", "detail")
SELECT -row_number() OVER (ORDER BY h."at" DESC, h."kind", h."subject"), '3'::xid8, h.*
FROM (
    SELECT 'deployment-started:' || d."id" AS "key", d."startedAt" AS "at", 'deployment.started' AS "kind",
        d."service", d."environment", d."id" AS "subject", 'info' AS "level",
        'Deployment of ' || d."service" || ' ' || d."version" || ' to ' || d."environment" || ' started' AS "title",
        jsonb_build_object(
            'kind', d."kind", 'strategy', d."strategy", 'version', d."version", 'previousVersion', d."previousVersion"
        ) AS "detail"
    FROM "deployment" d
    WHERE d."startedAt" IS NOT NULL
    UNION ALL
    SELECT 'deployment-ended:' || d."id", d."finishedAt", 'deployment.ended', d."service", d."environment", d."id",
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
) h
WHERE h."at" > now() - interval '90 days'
ON CONFLICT ("key") DO NOTHING;
