"""A plant's history in Polars, without Isthmus: names, corrections, quality, a wide table, a chart.

pip install polars deltalake
python read_with_polars.py HISTORY --like "^packaging/line1/.*$" --csv wide.csv
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import polars as pl
from deltalake import DeltaTable

GOOD_BELOW = 0x4000_0000  # of OPC UA status codes; what is below 0 as an int32 is bad


def live(table: Path) -> pl.LazyFrame:
    """The files that are the table now; `pl.scan_delta` does so, too, but not below `a b/`."""
    actions = DeltaTable(str(table)).get_add_actions(flatten=True)
    files = [table / path for path in actions.column("path").to_pylist()]
    return pl.scan_parquet(files, glob=False, hive_partitioning=False)


def samples(history: Path, like: str) -> pl.LazyFrame:
    """All samples of tags whose path matches, each once, with its name, value and quality."""
    # Of two rows with the same tag and time the one with the greater `seq` corrects the other.
    tags = live(history / "tags").select("tag", "path", "unit")
    return (
        live(history / "samples")
        .join(tags.filter(pl.col("path").str.contains(like)), on="tag")
        .sort("seq")
        .unique(["tag", "time", "sub_ns"], keep="last", maintain_order=True)
        .select(
            "time",
            "path",
            "unit",
            pl.coalesce("value", pl.col("exact").cast(pl.Float64)).alias("value"),
            (pl.col("status") >= 0).alias("usable"),
            pl.col("status").is_between(0, GOOD_BELOW - 1).alias("good"),
        )
        .sort("path", "time")
    )


def summary(table: pl.DataFrame) -> pl.DataFrame:
    """One row a tag."""
    value = pl.col("value").filter(pl.col("good"))
    return table.group_by("path", "unit", maintain_order=True).agg(
        pl.len().alias("samples"),
        pl.col("good").sum(),
        value.min().alias("low"),
        value.max().alias("high"),
        value.mean().alias("mean"),
    )


def wide(table: pl.DataFrame) -> pl.DataFrame:
    """The mean of each hour, one column a tag."""
    hour = pl.col("time").dt.truncate("1h").alias("hour")
    good = table.filter("good").select(hour, "path", "value")
    return good.pivot(
        "path", index="hour", values="value", aggregate_function="mean", sort_columns=True
    ).sort("hour")


def chart(table: pl.DataFrame, points: int) -> pl.DataFrame:
    """The first tag in at most so many buckets of equal length: what a chart draws."""
    one = table.filter(pl.col("path") == pl.col("path").first())
    at = pl.col("time").dt.epoch("us")
    first, last = one.select(at.min().alias("first"), at.max().alias("last")).row(0)
    width = (last - first) // points + 1 if len(one) else 1
    usable = one.filter(pl.col("usable") & pl.col("value").is_not_nan())
    return (
        usable.group_by(((at - first) // width).alias("bucket"), maintain_order=True)
        .agg(
            pl.col("time").first(),
            pl.col("value").min().alias("low"),
            pl.col("value").max().alias("high"),
            pl.col("value").mean().alias("mean"),
        )
        .select("time", "low", "high", "mean")
    )


def main() -> None:
    """Print what there is, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("history", type=Path, help="the folder `history` of a site")
    parser.add_argument("--like", default=".*", help="paths of tags, a regular expression")
    parser.add_argument("--points", type=int, default=500, help="of the chart")
    parser.add_argument("--csv", type=Path, help="write the wide table to this file, for Excel")
    parser.add_argument("--json", action="store_true", help="print all of it as JSON")
    options = parser.parse_args()
    table = samples(options.history, options.like).collect()
    tables = {
        "summary": summary(table),
        "wide": wide(table),
        "chart": chart(table, options.points),
    }
    if options.csv:
        tables["wide"].write_csv(options.csv)
    if options.json:
        print(json.dumps({name: found.to_dicts() for name, found in tables.items()}, default=str))
        return
    print(tables["summary"], tables["wide"], sep="\n")
    print(f"{len(tables['chart'])} points to draw")


if __name__ == "__main__":
    main()
