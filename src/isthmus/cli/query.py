"""Ask history by tag pattern, or by SQL over the views samples, tags and events.

A running site answers with what is not yet sealed as well; without one its files are read. Without
`--every`, `--aggregate`, `--grid` or `--points` the samples come as they are. The aggregates are
those of OPC UA Part 13; times are of the plant's zone.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.cli.length import seconds
from isthmus.cli.remote import data_argument, data_folder
from isthmus.model.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

    from isthmus.client.plant import Plant

Words = dict[str, Any]

EXAMPLE = """examples:
  isthmus query "packaging/**/power" --last 1h --every 1m
  isthmus query "**/state" --from "today 06:00" --to now --aggregate states
  isthmus query "**/energy" "**/good_count" --last 7d --every 1d --aggregate delta --wide
  isthmus query "packaging/line1/*/power" --last 8h --chart
  isthmus query "packaging/line1/*/speed" --last 1h --grid 10s --csv > speeds.csv
  isthmus query "**/good_count" --last 8h --csv > counts.csv
  isthmus query --sql "select path, count(*) from samples group by all"
"""
USUAL = "1h"
BARS = 60  # of a chart
HELD = 1_000_000  # rows; more go into a file as they come


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("pattern", nargs="*", help="tag patterns; * and ** work")
    time = parser.add_argument_group("when")
    time.add_argument("--last", help=f"how far back from the newest: 30 min, 8 h, 7 d ({USUAL})")
    time.add_argument("--from", dest="start", help='2026-11-26T06:00, "today 06:00", yesterday')
    time.add_argument("--to", dest="end", help="likewise; now if not said")
    what = parser.add_argument_group("what")
    what.add_argument("--every", help="intervals of 10s, 1min, 1h, 1d, 1w, 1mo, 1y, shift")
    what.add_argument(
        "--aggregate",
        default="",
        help="time-average,min,max,count,delta,states,... or names of Part 13",
    )
    what.add_argument("--calendar", default="", help="whose shifts (the first)")
    what.add_argument("--grid", default="", help="all tags at the same times: a step, or `union`")
    what.add_argument("--fill", choices=("hold", "linear"), default="hold", help="between samples")
    what.add_argument("--max-age", default="", help="how old a value of a grid may be")
    what.add_argument("--points", type=int, help="reduce each tag to so many samples")
    what.add_argument("--reduce", choices=("minmax", "lttb"), default="minmax", help="how")
    what.add_argument("--sloped", action="store_true", help="straight lines between numbers")
    what.add_argument("--sql", help="a SELECT instead of a pattern")
    form = parser.add_argument_group("form")
    form.add_argument("--wide", action="store_true", help="a column for each tag")
    form.add_argument("--chart", action="store_true", help="a line of bars for each tag")
    form.add_argument("--csv", action="store_true", help="comma-separated values")
    form.add_argument("--parquet", type=Path, help="write this Parquet file")
    form.add_argument(
        "--rows", type=int, default=10_000, help="more than so many are refused (10000)"
    )
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    if bool(args.pattern) == (args.sql is not None):
        raise ConfigError("what shall be asked?", hint="give a tag pattern, or --sql 'select ...'")
    from isthmus.client.connect import source_of
    from isthmus.client.plant import Plant

    with Plant(source_of(data_folder(args.data))) as plant:
        if args.sql:
            _print(plant.sql(args.sql, rows=args.rows, seconds=60.0).arrow(), args, plant)
        elif _flows(args):
            _flow(plant, args)
        elif args.chart:
            _chart(plant, args)
        else:
            _print(_ask(plant, args, _span(plant, args)), args, plant)
    return 0


def _flows(args: argparse.Namespace) -> bool:
    """Whether the answer goes into a file as it comes: samples, and more than a table holds."""
    asked = args.every or args.aggregate or args.grid or args.points or args.chart or args.json
    return bool(args.rows > HELD and (args.csv or args.parquet) and not asked)


def _flow(plant: Plant, args: argparse.Namespace) -> None:
    """Write samples batch by batch; a Parquet file gets its name when it is whole."""
    import pyarrow.csv
    import pyarrow.parquet

    from isthmus.historian.query.forms import said

    batches = plant.batches(args.pattern, **_span(plant, args), rows=args.rows)
    if args.csv:
        for place, batch in enumerate(batches):
            how = pyarrow.csv.WriteOptions(include_header=place == 0)
            pyarrow.csv.write_csv(said(_table(batch)), sys.stdout.buffer, how)
        return
    part, rows, writer = args.parquet.with_name(f"{args.parquet.name}.part"), 0, None
    try:
        for batch in batches:
            writer = writer or pyarrow.parquet.ParquetWriter(part, batch.schema, compression="zstd")
            writer.write_batch(batch)
            rows += batch.num_rows
    except BaseException:
        if writer is not None:
            writer.close()
        part.unlink(missing_ok=True)
        raise
    if writer is not None:
        writer.close()
    part.replace(args.parquet)
    print(f"wrote {rows} rows to {args.parquet}")


def _table(batch: pa.RecordBatch) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_batches([batch])


def _ask(plant: Plant, args: argparse.Namespace, span: Words, **other: object) -> pa.Table:
    from isthmus.cli.screen import Progress

    words: dict[str, Any] = {
        **span,
        "every": args.every or "",
        "aggregate": args.aggregate,
        "calendar": args.calendar,
        "grid": args.grid,
        "fill": args.fill,
        "max_age": args.max_age,
        "points": args.points,
        "reduce": args.reduce,
        "sloped": args.sloped,
        "wide": args.wide or bool(args.grid),
        "rows": args.rows,
        **other,
    }
    with Progress(quiet=args.json or not sys.stderr.isatty()) as progress:
        answer = plant.history(
            args.pattern, **words, told=lambda share: progress.show("reading history", share)
        )
    table = answer.arrow()
    return _require_rows(_known(table) if words["every"] else table, args)


def _known(table: pa.Table) -> pa.Table:
    """Without the intervals before anything was known of a tag (of any, side by side)."""
    import numpy as np
    import pyarrow as pa

    numbers = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    some = np.zeros(table.num_rows, np.bool_)
    for name in numbers:
        some |= table[name].is_valid().to_numpy()
    if "path" not in table.column_names:
        return table.filter(pa.array(np.logical_or.accumulate(some)))
    paths = table["path"].combine_chunks().indices.to_numpy()
    order = np.argsort(paths, kind="stable")
    keep = np.empty(table.num_rows, np.bool_)
    for part in np.split(order, np.flatnonzero(np.diff(paths[order])) + 1):
        keep[part] = np.logical_or.accumulate(some[part])
    return table.filter(pa.array(keep))


def _require_rows(table: pa.Table, args: argparse.Namespace) -> pa.Table:
    from isthmus.model.errors import Refused

    if table.num_rows > args.rows:
        raise Refused(
            f"running the query: the answer has more than {args.rows:,} rows",
            hint="ask for longer intervals, less time or fewer tags, or allow more `--rows`",
        )
    return table


def _span(plant: Plant, args: argparse.Namespace) -> Words:
    """From when to when: so far back from the newest sample, which may be ahead of this clock."""
    if args.start:
        if args.last:
            raise ConfigError("--from and --last are two beginnings", hint="give one of them")
        return {"start": args.start, "end": args.end or "now"}
    if args.end:
        raise ConfigError("--to without --from", hint="say from when, or use --last alone")
    from datetime import UTC, datetime, timedelta

    from isthmus.historian.query.step import Step
    from isthmus.model.sample import Nanoseconds

    back = round(seconds(args.last or USUAL) * 1e9)
    newest = plant.last(args.pattern).numpy()["time"].astype("int64")
    if not len(newest):
        return {"start": f"now-{back}ns", "end": "now"}
    end = int(newest.max()) + 1_000  # to the microsecond, the newest sample included
    start = end - back
    if args.every and args.every != "shift":
        start = Step.parse(args.every).floor(Nanoseconds(start), plant.zone)
    first = datetime(1970, 1, 1, tzinfo=UTC)
    said = (first + timedelta(microseconds=time // 1_000) for time in (start, end))
    return dict(zip(("start", "end"), said, strict=True))


def _print(answer: pa.Table, args: argparse.Namespace, plant: Plant) -> None:
    import json

    from isthmus.cli.screen import table
    from isthmus.client.answer import local
    from isthmus.historian.export import json_rows
    from isthmus.historian.query.forms import encoded, said

    if args.parquet:
        args.parquet.write_bytes(encoded(answer, "parquet"))
        if not args.json:
            print(f"wrote {answer.num_rows} rows to {args.parquet}")
            return
    if args.json:
        print(json.dumps(json_rows(said(answer))))
    elif args.csv:
        sys.stdout.buffer.write(encoded(answer, "csv"))
    else:
        shown = _told(answer) if args.sql is None else answer
        rows = local(shown, plant.zone) if args.sql is None else json_rows(said(shown))
        print(table(shown.column_names, [tuple(row.values()) for row in rows]))


def _told(answer: pa.Table) -> pa.Table:
    """Without the quality of columns that are all good; with its word where one is not."""
    from isthmus.model.sample import Status

    for name in [name for name in answer.column_names if name.endswith("quality")]:
        place = answer.column_names.index(name)
        codes = answer[name].to_pylist()
        if all(code < Status.UNCERTAIN for code in codes):
            answer = answer.remove_column(place)
        else:
            answer = answer.set_column(place, name, [[Status.word(code) for code in codes]])
    return answer


def _chart(plant: Plant, args: argparse.Namespace) -> None:
    """A line of bars for each tag, its least and greatest value, and its unit."""
    from isthmus.cli.chart import bars

    span, other = _span(plant, args), {"points": None, "grid": ""}
    width = {**other, "every": _width(span, plant), "wide": True}
    means = _ask(plant, args, span, **width, aggregate="time-average")
    whole = _ask(plant, args, span, **other, every="", aggregate="min,max,end", wide=False)
    units = {tag.path: tag.unit for pattern in args.pattern for tag in plant.tags(pattern)}
    if args.json:
        _print(means, args, plant)
        return
    longest = max(map(len, units), default=0)
    for row in whole.to_pylist():
        line = bars(means[row["path"]].to_pylist())
        low, high, last = (_number(row[name]) for name in ("min", "max", "end"))
        unit = units.get(row["path"], "")
        print(f"{row['path']:<{longest}} {line} {low} to {high}, now {last} {unit}".rstrip())


def _width(span: Words, plant: Plant) -> str:
    """The length of one of the bars."""
    import time
    from datetime import datetime

    from isthmus.historian.query.moment import moment
    from isthmus.model.sample import Nanoseconds

    now = Nanoseconds(time.time_ns())
    start, end = (
        moment(said if isinstance(said, datetime | str) else str(said), plant.zone, now)
        for said in (span["start"], span["end"])
    )
    return f"{max((end - start) // BARS // 1_000_000, 1)}ms"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.5g}"
