-- When a counter grew by its increase: by entry between from_at, its sample before the bucket, and first_at, the first
-- in it, and by the rest until last_at. Older rows have none and are taken to have grown all through their bucket.
ALTER TABLE metric_minute ADD COLUMN from_at timestamptz, ADD COLUMN first_at timestamptz,
    ADD COLUMN entry double precision, ADD COLUMN last_at timestamptz;
ALTER TABLE metric_hour ADD COLUMN from_at timestamptz, ADD COLUMN first_at timestamptz,
    ADD COLUMN entry double precision, ADD COLUMN last_at timestamptz;
