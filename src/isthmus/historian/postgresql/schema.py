"""The tables and views of a history in PostgreSQL, and how older ones become these.

A plain server partitions samples by time itself; where TimescaleDB is installed in the database,
they are a hypertable that compresses what is older than a week.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

from isthmus.historian.postgresql.connect import Connection
from isthmus.model.errors import StorageError

VERSION = 1
PARTITION_DAYS = 7
MORE_OF_TAGS = (  # than histories of version 1 began with
    *(f"{name} double precision" for name in "range_low range_high normal_low normal_high".split()),  # noqa: SIM905
    *(f"{name} text" for name in ("area", "line", "work_unit", "module", "type", "title")),
    *(f"{name} double precision" for name in ("low_low", "low", "high", "high_high")),
)
TABLES = """
create table writer (
  one boolean primary key default true check (one),
  version integer not null,
  partition_days integer not null,
  session text not null default '',
  seq integer not null default 0,
  rows bigint not null default 0,
  events bigint not null default 0,
  oldest bigint,
  newest bigint
);
create table positions (stream text primary key, position bigint not null);
create table tags (
  tag integer primary key,
  path text not null,
  equipment text,
  name text,
  unit text,
  kind text,
  role text,
  counter boolean,
  legend json,
  description text{more}
);
create table last_samples (
  tag integer primary key,
  time timestamptz not null,
  value double precision not null,
  status integer not null,
  sub_ns smallint not null
) with (fillfactor = 50);
create table raw_events (
  number bigint generated always as identity,
  time timestamptz not null,
  seq integer not null,
  severity integer not null,
  sub_ns smallint not null,
  path text not null,
  kind text not null,
  text text not null,
  data json
);
create index raw_events_time on raw_events (time);
create table raw_kpi (
  seq bigint generated always as identity,
  time timestamptz not null,
  until timestamptz not null,
  path text not null,
  kpi text not null,
  period text not null,
  shift text not null,
  value double precision,
  unit text not null,
  status integer not null,
  formula text not null,
  version integer not null,
  inputs json not null,
  computed timestamptz not null,
  primary key (path, kpi, period, time, until, seq)
);
create index raw_kpi_time on raw_kpi (time);
create table raw_samples (
  time timestamptz not null,
  value double precision not null,
  seq integer not null,
  tag integer not null,
  status integer not null,
  sub_ns smallint not null,
  primary key (tag, time, sub_ns)
) {partitioned};
create view samples as
  select s.time, s.tag, t.path, s.value, s.status::bigint & 4294967295 as quality
  from raw_samples s left join tags t on t.tag = s.tag;
create view events as select time, path, kind, text, severity, data from raw_events;
create view kpi_versions as
  select time, until, path, kpi, period, shift, value, unit,
         status::bigint & 4294967295 as quality, formula, version, inputs, computed, seq
  from raw_kpi;
create view kpi as
  select distinct on (path, kpi, period, time, until)
         time, until, path, kpi, period, shift, value, unit, quality, formula, version, inputs,
         computed
  from kpi_versions order by path, kpi, period, time, until, seq desc;
create view latest as
  select s.time, s.tag, t.path, s.value, s.status::bigint & 4294967295 as quality, t.unit
  from last_samples s left join tags t on t.tag = s.tag;
"""
HYPERTABLE = """
select create_hypertable('{schema}.raw_samples', 'time', chunk_time_interval => interval '7 days');
alter table {schema}.raw_samples set (timescaledb.compress,
  timescaledb.compress_segmentby = 'tag', timescaledb.compress_orderby = 'time, sub_ns');
select add_compression_policy('{schema}.raw_samples', interval '7 days')
"""  # run like this where the extension is installed; tests have none to run it against
OTHERS = "create table raw_samples_other partition of raw_samples default"


def has_timescale(connection: Connection) -> bool:
    """Whether the extension TimescaleDB is installed in this database."""
    found = connection.execute("select 1 from pg_extension where extname = 'timescaledb'")
    return found.fetchone() is not None


def statements(schema: str, *, timescale: bool) -> list[str]:
    """What makes a new history, one statement after the other, with `schema` on the path."""
    more = "".join(f",\n  {column}" for column in MORE_OF_TAGS)
    partitioned = "" if timescale else "partition by range (time)"
    made = TABLES.format(partitioned=partitioned, more=more)
    made += HYPERTABLE.format(schema=schema) if timescale else OTHERS
    lines = [line.strip() for line in made.split(";") if line.strip()]
    days = PARTITION_DAYS
    lines.append(f"insert into writer (version, partition_days) values ({VERSION}, {days})")  # noqa: S608 - our own numbers
    return lines


def prepare(connection: Connection, schema: str) -> None:
    """Make the history where there is none; StorageError where a newer program made it.

    What follows on this connection needs no schema before its names.
    """
    name = sql.Identifier(schema)
    known = connection.execute(
        "select 1 from pg_namespace where nspname = %s", (schema,)
    ).fetchone()
    if known is None:
        connection.execute(sql.SQL("create schema {}").format(name))
    connection.execute(sql.SQL("set search_path = {}, pg_catalog").format(name))
    with connection.transaction():
        version = _version(connection, schema)
        if version is None:
            timescale = has_timescale(connection)
            if timescale:  # its functions may live elsewhere
                connection.execute(sql.SQL("set local search_path = {}, public").format(name))
            for line in statements(schema, timescale=timescale):
                connection.execute(line.encode())
        elif version != VERSION:
            raise StorageError(
                f"opening the history in schema {schema}: it is of version {version}, "
                f"this program knows {VERSION}",
                hint="update Isthmus, or choose another schema with `history: {schema: NAME}`",
            )
        else:
            for column in MORE_OF_TAGS:
                connection.execute(f"alter table tags add column if not exists {column}".encode())


def _version(connection: Connection, schema: str) -> int | None:
    try:
        with connection.transaction():
            row = connection.execute("select version from writer").fetchone()
    except psycopg.errors.UndefinedTable:
        return None
    if row is None:
        raise StorageError(
            f"opening the history in schema {schema}: its table `writer` is empty",
            hint="restore the schema from a backup, or choose another: `history: {schema: NAME}`",
        )
    return int(row[0])
