"""A plant's history in DuckDB, without Isthmus: names, corrections, quality, a wide table, a chart.

pip install duckdb deltalake
python read_with_duckdb.py HISTORY --like "packaging/line1/%" --csv wide.csv
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import duckdb
from deltalake import DeltaTable

# The folder also holds files that were merged into others; the Delta log says which ones count.
# Of two rows with the same tag and time the one with the greater `seq` corrects the other.
# `status` is an OPC UA status code: bad below 0 (its first bit is set), good below 0x4000_0000.
SAMPLES = """
create or replace view samples as
  select s.time, s.tag, t.path, t.unit,
         coalesce(s.value, s.exact::double) as value,
         s.status >= 0 as usable,
         s.status between 0 and 1073741823 as good
  from read_parquet({samples}, hive_partitioning = false) s
  join read_parquet({tags}, hive_partitioning = false) t using (tag)
  where t.path like {like}
  qualify row_number() over (partition by s.tag, s.time, s.sub_ns order by s.seq desc) = 1
"""
SUMMARY = """
select path, unit, count(*) as samples, count(*) filter (where good) as good,
       min(value) filter (where good) as low, max(value) filter (where good) as high,
       avg(value) filter (where good) as mean
from samples group by path, unit order by path
"""
WIDE = """
pivot (select time_bucket(interval '1 hour', time) as hour, path, value from samples where good)
on path using avg(value) group by hour order by hour
"""
CHART = """
with bounds as (
  select min(epoch_us(time)) as first,
         (max(epoch_us(time)) - first) // {points} + 1 as width
  from samples where path = {path}
)
select make_timestamp(min(epoch_us(time))) as time, min(value) as low, max(value) as high,
       avg(value) as mean
from samples, bounds
where path = {path} and usable and not isnan(value)
group by (epoch_us(time) - first) // width order by 1
"""


def quoted(text: str) -> str:
    """The text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def live(table: Path) -> list[str]:
    """The files that are the table now."""
    actions = DeltaTable(str(table)).get_add_actions(flatten=True)
    return [str(table / path) for path in actions.column("path").to_pylist()]


def opened(history: Path, like: str) -> duckdb.DuckDBPyConnection:
    """A connection with the view `samples`: named, each sample once, quality told."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    files = {name: live(history / name) for name in ("samples", "tags")}
    connection.execute(SAMPLES.format(like=quoted(like), **files))
    return connection


def main() -> None:
    """Print what there is, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("history", type=Path, help="the folder `history` of a site")
    parser.add_argument("--like", default="%", help="paths of tags, with SQL's % and _")
    parser.add_argument("--points", type=int, default=500, help="of the chart")
    parser.add_argument("--csv", type=Path, help="write the wide table to this file, for Excel")
    parser.add_argument("--json", action="store_true", help="print all of it as JSON")
    options = parser.parse_args()
    connection = opened(options.history, options.like)
    summary = connection.sql(SUMMARY)
    wide = connection.sql(WIDE)
    path = connection.sql("select min(path) from samples").fetchall()[0][0] or ""
    chart = connection.sql(CHART.format(points=options.points, path=quoted(path)))
    if options.csv:
        wide.write_csv(str(options.csv))
    if options.json:
        tables = {"summary": summary, "wide": wide, "chart": chart}
        print(json.dumps({name: rows(table) for name, table in tables.items()}, default=str))
        return
    summary.show()
    wide.show()
    print(f"{path}: {len(chart)} points to draw")


def rows(table: duckdb.DuckDBPyRelation) -> list[dict[str, object]]:
    """A table as JSON has it."""
    return [dict(zip(table.columns, row, strict=True)) for row in table.fetchall()]


if __name__ == "__main__":
    main()
