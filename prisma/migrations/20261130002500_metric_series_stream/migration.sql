-- The fingerprint without `stream_start`: streams that only their start tells apart count as one series. Null: it is no such stream.
ALTER TABLE "metric_series" ADD COLUMN "stream_of" int8;
CREATE INDEX "metric_series_stream_of" ON "metric_series" ("stream_of") WHERE "stream_of" IS NOT NULL;
