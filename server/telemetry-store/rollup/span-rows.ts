import { LATENCY_BUCKET } from "../read/latency-sql.ts";

/** Sums of spans per minute, as selects over the raw ones from $1 to $2: for the rollups, and for what is too new for them. */

/**
 * To be set where these are run. Of the newest spans the planner has no statistics: it takes them for one row and goes
 * through them again for each other one. They are many: joins must hash or merge.
 */
export const MANY_ROWS = "set local enable_nestloop = off";

/** names and peers of one service in one minute that are told apart; a name with an id in it would have no end */
const TOLD_APART = 200;
const OTHER = "'(other)'";
const ERROR = 2;

export const SPAN_COLUMNS =
  "bucket_at, service, environment, version, name, kind, calls, errors, latency_buckets, latency_counts";
export const CALL_COLUMNS =
  "bucket_at, environment, from_service, to_service, calls, errors, latency_buckets, latency_counts";

/** each span once, though it may have been sent twice */
const SPANS = `
  select distinct on (trace_id, span_id) trace_id, span_id, parent_span_id, service, environment, version, name, kind,
    status, attributes, date_bin('1 minute', start_at, 'epoch') as bucket_at, ${LATENCY_BUCKET} as latency
  from span where start_at >= $1 and start_at < $2 order by trace_id, span_id`;

/** Calls, errors and the histogram of cells that are told apart by `keys`; a cell without latency only counts. */
const summed = (keys: string, cells: string): string => `
  select ${keys}, sum(n)::int8 as calls, sum(failed)::int8 as errors,
    coalesce(array_agg(latency order by latency) filter (where latency is not null), '{}') as latency_buckets,
    coalesce(array_agg(n::int4 order by latency) filter (where latency is not null), '{}') as latency_counts
  from (select ${keys}, latency, count(*) as n, count(*) filter (where status = ${ERROR}) as failed
        from (${cells}) told group by ${keys}, latency) cell
  group by ${keys}`;

/** SPAN_COLUMNS */
export const SPAN_ROWS = `
  with spans as materialized (${SPANS}),
  names as (
    select bucket_at, service, environment, left(name, 200) as name,
      row_number() over (partition by bucket_at, service, environment order by count(*) desc, left(name, 200)) as place
    from spans group by bucket_at, service, environment, left(name, 200))
  ${summed(
    "bucket_at, service, environment, version, name, kind",
    `select s.bucket_at, s.service, s.environment, s.version, s.kind, s.latency, s.status,
       case when n.place <= ${TOLD_APART} then n.name else ${OTHER} end as name
     from spans s join names n on n.bucket_at = s.bucket_at and n.service = s.service
       and n.environment = s.environment and n.name = left(s.name, 200)`,
  )}`;

/**
 * What a client span called, by the semantic conventions of OpenTelemetry, old and new: a service by name, a database
 * or queue by its system, else an address.
 */
const attribute = (name: string): string => `nullif(attributes ->> '${name}', '')`;
const named = (system: string, name: string): string => `${system} || coalesce(' ' || ${name}, '')`;
const PEER = `left(coalesce(
  ${attribute("peer.service")}, ${attribute("service.peer.name")},
  ${named(`coalesce(${attribute("db.system.name")}, ${attribute("db.system")})`, `coalesce(${attribute("db.namespace")}, ${attribute("db.name")})`)},
  ${named(attribute("messaging.system"), `coalesce(${attribute("messaging.destination.name")}, ${attribute("messaging.destination")})`)},
  coalesce(${attribute("server.address")}, ${attribute("net.peer.name")})
    || coalesce(':' || coalesce(${attribute("server.port")}, ${attribute("net.peer.port")}), '')), 200)`;

/** Clocks of two hosts differ, and a call may wait in a queue before it is served. */
const EARLIER = "interval '5 minutes'";
const LATER = "interval '1 minute'";

/** Written so that the index of times cannot serve it: read for each span, it costs more than the few spans of a trace. */
const near = (span: string, before: string, after: string): string =>
  `${span}.start_at - $1::timestamptz >= -${before} and ${span}.start_at - $2::timestamptz < ${after}`;

/** The span whose child `s` is. */
const PARENT = "p.trace_id = s.trace_id and p.span_id = s.parent_span_id";
/** A span that answers the call `s`. */
const ANSWER =
  "k.trace_id = s.trace_id and k.parent_span_id = s.span_id and (k.service <> s.service or k.kind in (1, 4))";

/**
 * CALL_COLUMNS. A span whose parent is another service's was called by that one. A client or producer span that no
 * other service answers called what its attributes name. The client's own span and the one that serves it are one call.
 * Nearly all find each other within the range; only for the rest the spans around it are looked up, one by one.
 */
export const CALL_ROWS = `
  with spans as materialized (${SPANS}),
  strays as materialized (
    select s.* from spans s
    where s.parent_span_id is not null and not exists (select from spans p where ${PARENT})),
  unanswered as materialized (
    select s.* from (select *, ${PEER} as peer from spans where kind in (2, 3)) s
    where s.peer is not null and not exists (select from spans k where ${ANSWER})),
  calls as (
    select s.bucket_at, s.environment, p.service as from_service, s.service as to_service, s.latency, s.status
    from spans s join spans p on ${PARENT} and p.service <> s.service
    union all
    select s.bucket_at, s.environment, p.service, s.service, s.latency, s.status
    from strays s join lateral (
      select p.service from span p where ${PARENT}
        and ${near("p", EARLIER, LATER)} limit 1
    ) p on p.service <> s.service
    union all
    select s.bucket_at, s.environment, s.service, s.peer, s.latency, s.status
    from unanswered s left join lateral (
      select true as found from span k where ${ANSWER}
        and ${near("k", LATER, EARLIER)} limit 1
    ) answer on true
    where answer.found is null),
  peers as (
    select bucket_at, from_service, to_service,
      row_number() over (partition by bucket_at, from_service order by count(*) desc, to_service) as place
    from calls group by bucket_at, from_service, to_service)
  ${summed(
    "bucket_at, environment, from_service, to_service",
    `select c.bucket_at, c.environment, c.from_service, c.latency, c.status,
       case when p.place <= ${TOLD_APART} then c.to_service else ${OTHER} end as to_service
     from calls c join peers p using (bucket_at, from_service, to_service)`,
  )}`;
