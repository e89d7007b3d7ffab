-- Counters that began at zero, as their senders say: at start_at, with value at their first sample, which is that of at.
CREATE TABLE metric_start (
    start_at timestamptz NOT NULL,
    at timestamptz NOT NULL,
    value double precision NOT NULL,
    series_id integer NOT NULL,
    PRIMARY KEY (series_id, start_at)
);
