-- Whose counts a series holds, where its name and labels do not tell: a hash of the instrumentation scope (0: unnamed), and
-- when the counter began, in ms since 1970 with microseconds after the point. Null: not known, the next sender has it.
ALTER TABLE "metric_series" ADD COLUMN "scope_hash" int4, ADD COLUMN "owner_start_ms" float8;
