-- Links of spans to others, as their events: a list of {traceId, spanId, attributes}. Few spans have any.
ALTER TABLE span ADD COLUMN links jsonb;
-- who links to a trace
CREATE INDEX span_link ON span USING gin (links jsonb_path_ops) WHERE links IS NOT NULL;
