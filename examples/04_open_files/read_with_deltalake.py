"""A plant's history as Arrow tables, without Isthmus: names, corrections, quality, a wide table.

pip install deltalake pyarrow
python read_with_deltalake.py HISTORY --like "packaging/line1/*" --csv wide.csv
"""

from __future__ import annotations

import argparse
import fnmatch
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from deltalake import DeltaTable

GOOD_BELOW = 0x4000_0000  # of OPC UA status codes; what is below 0 as an int32 is bad
KEY = ["tag", "time", "sub_ns"]


def tags(history: Path, like: str) -> pa.Table:
    """The ids, paths and units of the tags whose path matches."""
    table = DeltaTable(str(history / "tags")).to_pyarrow_table(columns=["tag", "path", "unit"])
    wanted = [fnmatch.fnmatchcase(path, like) for path in table["path"].to_pylist()]
    return table.filter(pa.array(wanted, pa.bool_()))


def samples(history: Path, like: str) -> pa.Table:
    """All samples of tags whose path matches, each once, with its name, value and quality."""
    named = tags(history, like)
    wanted = pc.field("tag").isin(named["tag"].to_pylist())
    dataset = DeltaTable(str(history / "samples")).to_pyarrow_dataset()
    columns = [*KEY, "value", "exact", "status", "seq"]
    table = dataset.to_table(columns=columns, filter=wanted).sort_by(
        [(name, "ascending") for name in (*KEY, "seq")]
    )
    table = (
        table.filter(newest(table))
        .join(named, "tag")
        .sort_by([("path", "ascending"), ("time", "ascending")])
    )
    # exact / 1000 in whole numbers gives back the double that was written; a cast of the decimal
    # itself may differ in the last bit
    thousandths = pc.multiply(table["exact"], pa.scalar(1000)).cast(pa.int64())
    exact = pc.divide(thousandths.cast(pa.float64()), 1000.0)
    return pa.table(
        {
            "time": table["time"],
            "path": table["path"],
            "unit": table["unit"],
            "value": pc.coalesce(table["value"], exact),
            "usable": pc.greater_equal(table["status"], 0),
            "good": pc.and_(
                pc.greater_equal(table["status"], 0), pc.less(table["status"], GOOD_BELOW)
            ),
        }
    )


def newest(table: pa.Table) -> pa.ChunkedArray:
    """Of rows with the same tag and time, which one has the greatest `seq`: the last one."""
    after = table.slice(1)
    same = pa.array([True] * after.num_rows, pa.bool_())
    for name in KEY:
        before = pc.fill_null(table[name].slice(0, after.num_rows).cast(pa.int64()), -1)
        same = pc.and_(same, pc.equal(before, pc.fill_null(after[name].cast(pa.int64()), -1)))
    return pa.concat_arrays(
        [*pa.chunked_array(pc.invert(same)).chunks, pa.array([True] * min(1, table.num_rows))]
    )


def summary(table: pa.Table) -> pa.Table:
    """One row a tag."""
    each = table.group_by(["path", "unit"]).aggregate([([], "count_all"), ("good", "sum")])
    value = [("value", "min"), ("value", "max"), ("value", "mean")]
    good = table.filter(table["good"]).group_by(["path"]).aggregate(value)
    names = {"count_all": "samples", "good_sum": "good", "value_min": "low"}
    names |= {"value_max": "high", "value_mean": "mean"}
    found = each.join(good, "path", join_type="left outer").rename_columns(
        {name: names.get(name, name) for name in [*each.column_names, *good.column_names]}
    )
    return found.select([*("path", "unit"), *names.values()]).sort_by("path")


def wide(table: pa.Table) -> pa.Table:
    """The mean of each hour, one column a tag."""
    good = table.filter(table["good"])
    good = good.append_column("hour", pc.floor_temporal(good["time"], unit="hour"))
    means = good.group_by(["hour", "path"]).aggregate([("value", "mean")])
    answer = means.select(["hour"]).group_by("hour").aggregate([])
    for path in sorted(set(means["path"].to_pylist())):
        of = means.filter(pc.equal(means["path"], path)).select(["hour", "value_mean"])
        answer = answer.join(of, "hour").rename_columns([*answer.column_names, path])
    return answer.sort_by("hour")


def chart(table: pa.Table, points: int) -> pa.Table:
    """The first tag in at most so many buckets of equal length: what a chart draws."""
    if not table.num_rows:
        return pa.table({"time": [], "low": [], "high": [], "mean": []})
    one = table.filter(pc.equal(table["path"], table["path"][0]))
    bounds = pc.min_max(one["time"].cast(pa.int64()))
    first, last = bounds["min"].as_py(), bounds["max"].as_py()
    one = one.filter(pc.and_(one["usable"], pc.invert(pc.is_nan(one["value"]))))
    since = pc.subtract(one["time"].cast(pa.int64()), first)
    one = one.append_column("bucket", pc.divide(since, (last - first) // points + 1))
    columns = [("time", "min"), ("value", "min"), ("value", "max"), ("value", "mean")]
    found = one.group_by("bucket").aggregate(columns).sort_by("bucket").drop_columns("bucket")
    return found.rename_columns(["time", "low", "high", "mean"])


def main() -> None:
    """Print what there is, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("history", type=Path, help="the folder `history` of a site")
    parser.add_argument("--like", default="*", help="paths of tags, with * and ?")
    parser.add_argument("--points", type=int, default=500, help="of the chart")
    parser.add_argument("--csv", type=Path, help="write the wide table to this file, for Excel")
    parser.add_argument("--json", action="store_true", help="print all of it as JSON")
    options = parser.parse_args()
    table = samples(options.history, options.like)
    tables = {
        "summary": summary(table),
        "wide": wide(table),
        "chart": chart(table, options.points),
    }
    if options.csv:
        pyarrow.csv.write_csv(tables["wide"], options.csv)
    if options.json:
        print(json.dumps({name: found.to_pylist() for name, found in tables.items()}, default=str))
        return
    for row in tables["summary"].to_pylist():
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    print(f"{tables['wide'].num_rows} hours, {tables['chart'].num_rows} points to draw")


if __name__ == "__main__":
    main()
