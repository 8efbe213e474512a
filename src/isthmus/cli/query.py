"""Ask history by tag pattern, or by SQL over the views samples, tags and events.

A running site answers with what is not yet sealed as well; without one its files are read.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.cli.remote import Remote, data_argument, data_folder
from isthmus.model.errors import ConfigError, LinkError

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE = """examples:
  isthmus query "packaging/**/power" --last 1h --every 1m
  isthmus query "**/good_count" --last 8h --csv > counts.csv
  isthmus query --sql "select path, count(*) from samples group by all"
"""
VERIFY = 256 << 20  # bytes of the newest files, whose checksums are compared before
HELD = 3_600  # seconds before the start
ORIGIN = 946_857_600_000_000  # a Monday, 2000-01-03: weeks begin with it
ARROW = "application/vnd.apache.arrow.stream"


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("pattern", nargs="?", help="tag pattern; * and ** work")
    parser.add_argument("--last", default="1h", help="how far back: 30 min, 8 h, 7 d (1h)")
    parser.add_argument("--every", help="one row a stretch: mean over time, min, max, samples")
    parser.add_argument("--sql", help="a SELECT instead of a pattern")
    parser.add_argument(
        "--rows", type=int, default=10_000, help="more than so many are refused (10000)"
    )
    parser.add_argument("--csv", action="store_true", help="comma-separated values")
    parser.add_argument("--parquet", type=Path, help="write this Parquet file")
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    if (args.pattern is None) == (args.sql is None):
        raise ConfigError("what shall be asked?", hint="give a tag pattern, or --sql 'select ...'")
    ask = _asker(data_folder(args.data), args.rows)
    text = args.sql or _text(ask, args)
    answer = ask(text)
    _print(answer, args)
    return 0


def _asker(folder: Path, rows: int) -> Callable[[str], Any]:
    """The running site, else the files of one that does not run."""
    from isthmus.historian.delta.reader import Reader
    from isthmus.historian.export import from_arrow_stream
    from isthmus.runtime.historian import Told

    try:
        site = Remote.of(folder)
        site.get("/api/links")
    except LinkError:
        Told.of(folder).require_lake("asking history without its site")
        reader = Reader(_history(folder))
        reader.verify(VERIFY)  # what is rotten yet readable would be in the answer: the log tells
        return lambda text: reader.sql(text, seconds=60.0, rows=rows)
    return lambda text: from_arrow_stream(site.fetch("/api/sql", accept=ARROW, q=text, rows=rows))


def _history(folder: Path) -> Path:
    found = folder / "history"
    if not found.is_dir():
        raise ConfigError(f"there is no history in {folder}", hint="name the data with --data")
    return found


def _text(ask: Callable[[str], Any], args: argparse.Namespace) -> str:
    """The SQL of a pattern."""
    from isthmus.model.selection import select

    known = ask("select tag, path from tags order by tag").to_pydict()
    paths = dict(zip(known["path"], known["tag"], strict=True))
    root = _root(args)
    ids = ", ".join(str(paths[path]) for path in select(list(paths), args.pattern, root))
    start = f"to_timestamp({_newest(ask, ids) - _seconds(args.last)})"
    where = f"tag in ({ids}) and time >= {start}"  # ids and numbers only: nothing of the user's
    if not args.every:
        return (
            f"select time, path, value, quality from samples where {where} "  # noqa: S608
            "order by time, path"
        )
    newest = _newest(ask, ids)
    since = newest - _seconds(args.last)
    return averages(ids, since, newest, _seconds(args.every))


def averages(ids: str, start: float, end: float, step: float) -> str:
    """The SQL of one row a stretch and path: mean, min, max of good values, samples that came.

    A value holds until the next sample, so the mean is weighted by time: history leaves out what
    did not move. `start`, `end` in seconds since 1970, `step` in seconds. What held at `start` is
    looked for in the hour before.
    """
    first, last, width = (round(value * 1e6) for value in (start, end, step))
    span = f"time >= to_timestamp({start - HELD}) and time <= to_timestamp({end})"
    begin = f"((since - {ORIGIN}) // {width}) * {width} + {ORIGIN}"
    return f"""
        with told as (
          select path, value, quality < 1073741824 as good, epoch_us(time) as came,
                 lead(epoch_us(time)) over (partition by tag order by time) as next
          from samples where tag in ({ids}) and {span}
        ), held as (
          select path, value, good, came, greatest(came, {first}) as since,
                 coalesce(next, {last}) as till
          from told where came >= {first} or coalesce(next, {last}) > {first}
        ), cut as (
          select *, unnest(generate_series({begin}, greatest(since, till - 1), {width})) as bucket
          from held
        ), part as (
          select path, value, good, bucket, came >= {first} and came >= bucket as fresh,
                 least(till, bucket + {width}) - greatest(since, bucket) as us
          from cut
        )
        select to_timestamp(bucket / 1e6) as time, path,
               coalesce(sum(value * us) filter (good) / nullif(sum(us) filter (good), 0),
                        avg(value) filter (good)) as mean,
               min(value) filter (good) as min, max(value) filter (good) as max,
               count(*) filter (fresh) as samples
        from part group by bucket, path order by time, path
    """  # noqa: S608 - ids and numbers only: nothing of the user's


def _newest(ask: Callable[[str], Any], ids: str) -> float:
    """Seconds of the newest sample, which in a demonstration may be ahead of this clock."""
    text = f"select epoch(max(time)) as newest from samples where tag in ({ids})"  # noqa: S608
    newest = ask(text).to_pydict()["newest"][0]
    return time.time() if newest is None else float(newest)


def _root(args: argparse.Namespace) -> str:
    """`enterprise/site` of a running site; without one patterns are relative to the site."""
    try:
        plant = Remote.of(data_folder(args.data)).get("/api/plant")
    except LinkError:
        return ""
    return f"{plant['enterprise']}/{plant['site']}"


def _seconds(text: str) -> float:
    from isthmus.model.unit import Quantity, UnitError

    spoken = re.sub(r"(?<=\d)\s*m$", " min", text.strip())  # `5m` is said of minutes here
    try:
        return float(Quantity.parse(spoken).to("s"))
    except (UnitError, ValueError) as error:
        raise ConfigError(f"`{text}` is no length of time", hint="such as 30min, 8h, 7d") from error


def _print(answer: Any, args: argparse.Namespace) -> None:  # noqa: ANN401 - an Arrow table
    import json

    from isthmus.cli.screen import table
    from isthmus.historian.export import json_rows, write_table

    if args.parquet:
        with args.parquet.open("wb") as out:
            write_table(answer, "parquet", out)
        if not args.json:
            print(f"wrote {answer.num_rows} rows to {args.parquet}")
            return
    if args.json:
        print(json.dumps(json_rows(answer)))
    elif args.csv:
        write_table(answer, "csv", sys.stdout.buffer)
    else:
        print(table(answer.column_names, [tuple(row.values()) for row in json_rows(answer)]))
