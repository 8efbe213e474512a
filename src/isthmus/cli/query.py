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
ARROW = "application/vnd.apache.arrow.stream"


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("pattern", nargs="?", help="tag pattern; * and ** work")
    parser.add_argument("--last", default="1h", help="how far back: 30 min, 8 h, 7 d (1h)")
    parser.add_argument("--every", help="one row a stretch: mean, min, max, samples")
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
    from isthmus.historian.export import from_arrow_stream
    from isthmus.historian.reader import Reader

    try:
        site = Remote.of(folder)
        site.get("/api/links")
    except LinkError:
        reader = Reader(_history(folder))
        return lambda text: reader.sql(text, seconds=60.0, rows=rows)
    return lambda text: from_arrow_stream(site.fetch("/api/sql", accept=ARROW, q=text, rows=rows))


def _history(folder: Path) -> Path:
    found = folder / "history"
    if not found.is_dir():
        raise ConfigError(f"there is no history in {folder}", hint="name the data with --data")
    return found


def _text(ask: Callable[[str], Any], args: argparse.Namespace) -> str:
    """The SQL of a pattern."""
    from isthmus.cli.select import select

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
    step = round(_seconds(args.every) * 1000)
    return (
        f"select time_bucket(interval {step} milliseconds, time) as time, path, "  # noqa: S608
        "avg(value) filter (quality < 1073741824) as mean, min(value) as min, max(value) as max, "
        f"count(*) as samples from samples where {where} group by all order by time, path"
    )


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
