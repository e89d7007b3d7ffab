-- Who may correct the kind of a series is known by more than a name: by the owner of the token, by the environment of
-- instances. What is not clear (two people have tokens of that name) stays as it is: nobody may correct it.
UPDATE "metric_series" s
SET "kind_sender" = 'remote-write/token/' || t."ownerId" || '/' || t."name"
FROM (SELECT "name", min("ownerId") AS "ownerId" FROM "api_token" GROUP BY "name" HAVING count(DISTINCT "ownerId") = 1) t
WHERE s."kind_sender" = 'remote-write/' || t."name";

UPDATE "metric_series"
SET "kind_sender" = 'remote-write/instances/' || "service" || '/' || "environment"
WHERE "kind_sender" = 'remote-write/instances of ' || "service";
