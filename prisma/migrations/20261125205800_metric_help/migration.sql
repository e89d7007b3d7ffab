-- What senders say a metric means, by the name of its series.
CREATE TABLE metric_help (
    name text PRIMARY KEY,
    help text NOT NULL
);
