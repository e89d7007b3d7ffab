-- When the first of a minute arrived, and how much came at once then: a rate begins there. Null in older rows.
ALTER TABLE ingest_count ADD COLUMN first_at timestamptz, ADD COLUMN first_accepted bigint;
