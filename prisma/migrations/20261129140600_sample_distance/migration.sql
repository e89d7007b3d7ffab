-- Milliseconds that usually lie between two samples of a series. Null where they are few, or not known yet.
ALTER TABLE metric_series ADD COLUMN apart_ms integer;
