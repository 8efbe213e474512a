"""The questions in SQL, over a relation `samples` of (time timestamptz, tag, value)."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.historian.data import Span
from isthmus.historian.settings import SECOND

POINTS = 500
ONE = 5  # a tag each second
TEN = "tag between 0 and 9"
THOUSAND = "tag % 10 = 0"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an engine writes a time (of µs), the µs of a time, and the last by time."""

    time: str
    micro: str
    bucket: str
    last: str
    asof: str


DUCKDB = Dialect(
    time="make_timestamptz({0})",
    micro="epoch_us(time)",
    bucket="(epoch_us(time) - {start}) // {width}",
    last="select tag, arg_max(value, time) from {source} {where} group by tag",
    asof="""with grid as (select make_timestamptz(g) as time, t as tag
              from range({start}, {end}, 1000000) gs(g), range(10) ts(t))
            select grid.time, grid.tag, s.value from grid asof left join
              (select * from {source} where {ten} and {hour}) s
              on grid.tag = s.tag and grid.time >= s.time""",
)
POSTGRESQL = Dialect(
    time="to_timestamp({0} / 1000000.0)",
    micro="extract(epoch from time)::float8",
    bucket="date_bin('{width} microseconds', time, to_timestamp({start} / 1000000.0))",
    last="select distinct on (tag) tag, value from {source} {where} order by tag, time desc",
    asof="""select g, t, (select value from {source} s where s.tag = t and s.time <= g
                           order by time desc limit 1)
            from generate_series(0, 9) t, generate_series(
              to_timestamp({start} / 1000000.0), to_timestamp(({end} - 1000000) / 1000000.0),
              interval '1 second') g""",
)
LOOSE = """select t, s.value from generate_series(0, 9999) t cross join lateral
  (select value from {source} s where s.tag = t order by time desc limit 1) s"""


def texts(dialect: Dialect, source: str, span: Span, *, indexed: bool = False) -> dict[str, str]:
    """The queries by the name of their figure; `indexed` by (tag, time)."""
    low, high = (time // 1_000 for time in span.day)
    start, end = (time // 1_000 for time in span.hour)
    width = -(-(high - low) // POINTS)

    def between(first: int, stop: int) -> str:
        return f"time >= {dialect.time.format(first)} and time < {dialect.time.format(stop)}"

    bucket = dialect.bucket.format(start=low, width=width)
    recent = dialect.time.format((span.end - 120 * SECOND) // 1_000)
    last = LOOSE if indexed else dialect.last
    return {
        "last_window_ms": dialect.last.format(source=source, where=f"where time >= {recent}"),
        "last_value_ms": last.format(source=source, where=""),
        "raw_hour_ms": f"""select time, value from {source}
            where tag = {ONE} and {between(start, end)} order by time""",
        "day_500_ms": f"""select min(time), min(value), max(value), avg(value) from {source}
            where tag = {ONE} and {between(low, high)} group by {bucket}""",
        "time_weighted_day_ms": f"""select sum(value * held) / sum(held) from (
            select value, {dialect.micro.replace("time", "next")} - {dialect.micro} as held from (
              select time, value, lead(time) over (order by time) as next from {source}
              where tag = {ONE} and {between(low, high)}) a) b where held is not null""",
        "asof_hour_ms": dialect.asof.format(
            source=source, start=start, end=end, ten=TEN, hour=between(start, end)
        ),
        "thousand_tags_hour_ms": f"""select tag, min(value), max(value), avg(value) from {source}
            where {THOUSAND} and {between(start, end)} group by tag""",
        "full_day_ms": f"""select tag, count(*), avg(value) from {source}
            where {between(low, high)} group by tag""",
    }
