-- CreateTable
CREATE TABLE "log_pattern" (
    "id" SERIAL NOT NULL,
    "template" TEXT NOT NULL,
    "name" TEXT,
    "pinned" BOOLEAN NOT NULL DEFAULT false,
    "ignored" BOOLEAN NOT NULL DEFAULT false,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "merged_into" INTEGER,
    "alert" JSONB,

    CONSTRAINT "log_pattern_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "log_pattern_merged_into_idx" ON "log_pattern"("merged_into");

-- Templates may be longer than an index entry.
CREATE UNIQUE INDEX "log_pattern_template_key" ON "log_pattern"(md5("template"));

-- From here on by hand: what Prisma's schema language has no words for. Partitions are made by the built-in store
-- (server/integrations/builtin/partitions.ts): raw records by day, what is counted from them by week.
-- Everywhere: '' in service, environment, version and instance means that the sender did not say.

-- Writers take numbers in blocks: lines of one instant keep the order in which they came.
CREATE SEQUENCE log_line_id_seq INCREMENT BY 10000;

CREATE TABLE log_line (
    at timestamptz NOT NULL,
    id bigint NOT NULL,
    pattern_id integer,
    severity smallint NOT NULL,
    trace_id uuid,
    span_id bigint,
    service text NOT NULL,
    environment text NOT NULL,
    version text NOT NULL,
    instance text NOT NULL,
    body text NOT NULL,
    attributes jsonb
) PARTITION BY RANGE (at);
CREATE INDEX log_line_at ON log_line (at, id);
CREATE INDEX log_line_service ON log_line (service, at);
CREATE INDEX log_line_pattern ON log_line (pattern_id, at);
-- Warnings and worse are few among many, and what is looked for.
CREATE INDEX log_line_severe ON log_line (at, id) WHERE severity >= 13;
CREATE INDEX log_line_trace ON log_line (trace_id) WHERE trace_id IS NOT NULL;

-- Lines per minute, kept by the writers, pattern 0: not mined, level: 0 not said, 1 trace … 6 fatal.
CREATE TABLE log_count (
    bucket_at timestamptz NOT NULL,
    pattern_id integer NOT NULL,
    level smallint NOT NULL,
    count bigint NOT NULL,
    service text NOT NULL,
    environment text NOT NULL,
    version text NOT NULL,
    PRIMARY KEY (bucket_at, service, environment, version, pattern_id, level)
) PARTITION BY RANGE (bucket_at);

CREATE TABLE log_count_hour (
    bucket_at timestamptz NOT NULL,
    pattern_id integer NOT NULL,
    level smallint NOT NULL,
    count bigint NOT NULL,
    service text NOT NULL,
    environment text NOT NULL,
    version text NOT NULL,
    PRIMARY KEY (bucket_at, service, environment, version, pattern_id, level)
) PARTITION BY RANGE (bucket_at);

-- The fingerprint is a 64-bit hash of name and labels, kind: 0 gauge, 1 counter, 2 delta.
CREATE TABLE metric_series (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind smallint NOT NULL,
    fingerprint bigint NOT NULL UNIQUE,
    name text NOT NULL,
    unit text NOT NULL,
    service text NOT NULL,
    environment text NOT NULL,
    labels jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL
);
CREATE INDEX metric_series_name ON metric_series (name, service);
CREATE INDEX metric_series_seen ON metric_series (service, last_seen_at);

-- Not unique: a unique index would cost the writers a third of their speed. Readers take one value per instant.
CREATE TABLE metric_sample (
    at timestamptz NOT NULL,
    value double precision NOT NULL,
    series_id integer NOT NULL
) PARTITION BY RANGE (at);
CREATE INDEX metric_sample_series ON metric_sample (series_id, at);
CREATE INDEX metric_sample_at ON metric_sample USING brin (at) WITH (pages_per_range = 64);

-- Sums of closed minutes. Counters have no sum, min and max, gauges no increase.
CREATE TABLE metric_minute (
    bucket_at timestamptz NOT NULL,
    series_id integer NOT NULL,
    count integer NOT NULL,
    last double precision NOT NULL,
    increase double precision,
    sum double precision,
    min double precision,
    max double precision,
    PRIMARY KEY (series_id, bucket_at)
) PARTITION BY RANGE (bucket_at);
CREATE INDEX metric_minute_bucket ON metric_minute USING brin (bucket_at) WITH (pages_per_range = 64);

CREATE TABLE metric_hour (
    bucket_at timestamptz NOT NULL,
    series_id integer NOT NULL,
    count integer NOT NULL,
    last double precision NOT NULL,
    increase double precision,
    sum double precision,
    min double precision,
    max double precision,
    PRIMARY KEY (series_id, bucket_at)
) PARTITION BY RANGE (bucket_at);

-- kind and status by their place in SPAN_KINDS and SPAN_STATUSES of server/agent/ports/telemetry.ts.
CREATE TABLE span (
    start_at timestamptz NOT NULL,
    duration_ms double precision NOT NULL,
    trace_id uuid NOT NULL,
    span_id bigint NOT NULL,
    parent_span_id bigint,
    kind smallint NOT NULL,
    status smallint NOT NULL,
    service text NOT NULL,
    environment text NOT NULL,
    version text NOT NULL,
    instance text NOT NULL,
    name text NOT NULL,
    status_message text NOT NULL,
    attributes jsonb,
    events jsonb
) PARTITION BY RANGE (start_at);
CREATE INDEX span_trace ON span (trace_id);
CREATE INDEX span_service ON span (service, start_at);
CREATE INDEX span_entry ON span (start_at) WHERE parent_span_id IS NULL OR kind IN (1, 4);
CREATE INDEX span_start ON span USING brin (start_at) WITH (pages_per_range = 64);

-- Latency counts in the buckets of kernel/histogram.ts, without those that are empty.
CREATE TABLE span_minute (
    bucket_at timestamptz NOT NULL,
    kind smallint NOT NULL,
    calls bigint NOT NULL,
    errors bigint NOT NULL,
    service text NOT NULL,
    environment text NOT NULL,
    version text NOT NULL,
    name text NOT NULL,
    latency_buckets smallint[] NOT NULL,
    latency_counts integer[] NOT NULL
) PARTITION BY RANGE (bucket_at);
CREATE INDEX span_minute_bucket ON span_minute (bucket_at, service);

CREATE TABLE call_minute (
    bucket_at timestamptz NOT NULL,
    calls bigint NOT NULL,
    errors bigint NOT NULL,
    environment text NOT NULL,
    from_service text NOT NULL,
    to_service text NOT NULL,
    latency_buckets smallint[] NOT NULL,
    latency_counts integer[] NOT NULL
) PARTITION BY RANGE (bucket_at);
CREATE INDEX call_minute_bucket ON call_minute (bucket_at);

-- How far each rollup has come. Before `closed_until` writers leave a note of what came late, what lies between
-- `done_until` and `closed_until` is being rolled up.
CREATE TABLE rollup_progress (
    job text PRIMARY KEY,
    closed_until timestamptz,
    done_until timestamptz
);
INSERT INTO rollup_progress (job) VALUES ('logs'), ('metrics'), ('spans');

CREATE TABLE rollup_late (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bucket_at timestamptz NOT NULL,
    job text NOT NULL
);
CREATE TABLE rollup_late_series (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bucket_at timestamptz NOT NULL,
    series_id integer NOT NULL
);

-- What arrived, by the minute of its arrival, bytes as they were written.
CREATE TABLE ingest_count (
    bucket_at timestamptz NOT NULL,
    accepted bigint NOT NULL,
    rejected bigint NOT NULL,
    bytes bigint NOT NULL,
    signal text NOT NULL,
    protocol text NOT NULL,
    sender text NOT NULL,
    service text NOT NULL,
    PRIMARY KEY (bucket_at, signal, protocol, sender, service)
) PARTITION BY RANGE (bucket_at);

CREATE TABLE ingest_refusal (
    signal text NOT NULL,
    protocol text NOT NULL,
    sender text NOT NULL,
    reason text NOT NULL,
    count bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    example text,
    PRIMARY KEY (signal, protocol, sender, reason)
);
CREATE INDEX ingest_refusal_last ON ingest_refusal (last_at);

CREATE TABLE scrape_state (
    target text PRIMARY KEY,
    last_at timestamptz NOT NULL,
    ok boolean NOT NULL,
    duration_ms double precision NOT NULL,
    samples integer NOT NULL,
    error text
);

-- How far streams of lines were read, as the platform's own cursor.
CREATE TABLE stream_position (
    stream text PRIMARY KEY,
    position text NOT NULL,
    read_at timestamptz NOT NULL
);
