"""Write history into a file: Excel, Parquet or CSV; samples, or one row a stretch.

A running site answers with what is not yet sealed as well; without one its files are read.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.cli.length import seconds
from isthmus.cli.remote import Remote, data_argument, data_folder
from isthmus.model.errors import ConfigError, LinkError
from isthmus.model.selection import select

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from isthmus.model.export import Format

EXAMPLE = """examples:
  isthmus export "packaging/line1/**" --last 8h --every 1m --to shift.xlsx
  isthmus export "**/power" --last 30d --every 1h --to power.parquet
  isthmus export "**/good_count" --last 1d --to counts.csv
  isthmus export --scheduled
"""
ENDINGS: dict[str, Format] = {".xlsx": "xlsx", ".parquet": "parquet", ".csv": "csv"}


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("pattern", nargs="?", help="tag pattern; * and ** work")
    parser.add_argument("--to", type=Path, help="the file: its ending says which kind it is")
    parser.add_argument("--last", default="1d", help="how far back: 8 h, 30 d (1d)")
    parser.add_argument("--every", help="one row so long: 1m, 1h, 1d; each sample without it")
    parser.add_argument(
        "--layout",
        choices=("wide", "long"),
        help="a column a tag (usual with --every), or a row a tag and time",
    )
    parser.add_argument(
        "--scheduled", action="store_true", help="list the exports of the plant file instead"
    )
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    folder = data_folder(args.data)
    if args.scheduled:
        return _scheduled(Remote.of(folder), json_wanted=args.json)
    if args.pattern is None or args.to is None:
        raise ConfigError(
            "what shall be exported, and where to?",
            hint='such as `isthmus export "**/power" --last 8h --every 1m --to power.xlsx`',
        )
    kind = ENDINGS.get(args.to.suffix.lower())
    if kind is None:
        known = ", ".join(ENDINGS)
        raise ConfigError(f"`{args.to}` ends with no known kind of file", hint=f"known: {known}")
    with _draft(args.to) as out:
        found = _export(folder, args, kind, out)
    size = args.to.stat().st_size
    told: dict[str, str | int] = {"file": str(args.to), "bytes": size, **found}
    if args.json:
        print(json.dumps(told))
    else:
        rows = f"{told['rows']:,} rows, " if "rows" in told else ""
        print(f"wrote {rows}{size:,} bytes of {told['tags']} tags to {args.to}")
    return 0


def _export(folder: Path, args: argparse.Namespace, kind: Format, out: BinaryIO) -> dict[str, int]:
    try:
        site = Remote.of(folder)
        plant = site.get("/api/plant")
    except LinkError:
        return _from_files(folder, args, kind, out)
    return _from_site(site, plant, args, kind, out)


def _from_site(
    site: Remote,
    plant: Any,  # noqa: ANN401 - JSON of /api/plant
    args: argparse.Namespace,
    kind: Format,
    out: BinaryIO,
) -> dict[str, int]:
    """Ask the running site."""
    ids = {tag["path"]: tag["id"] for tag in plant["tags"] if tag["kind"] != "text"}
    paths = select(list(ids), args.pattern, f"{plant['enterprise']}/{plant['site']}")
    now = float(plant["now"])
    query: dict[str, object] = {
        "tags": ",".join(str(ids[path]) for path in paths),
        "from": now - 1e3 * seconds(args.last),
        "to": now,
        "format": kind,
    }
    if args.every:
        query["every"] = f"{seconds(args.every):g} s"
    if args.layout:
        query["layout"] = args.layout
    site.download("/api/export", out, **query)
    return {"tags": len(paths)}


def _from_files(
    folder: Path, args: argparse.Namespace, kind: Format, out: BinaryIO
) -> dict[str, int]:
    """Read the files of a site that does not run."""
    from zoneinfo import ZoneInfo

    from isthmus.historian.delta.reader import Reader
    from isthmus.model.sample import Nanoseconds, TagId
    from isthmus.model.tag import Counter, Kind, Tag
    from isthmus.runtime.export.extract import Extract, export, numeric
    from isthmus.runtime.history.opened import HistoryPlace

    HistoryPlace.of(folder).require_lake("exporting history without its site")
    history = folder / "history"
    if not history.is_dir():
        raise ConfigError(f"there is no history in {folder}", hint="name the data with --data")
    reader = Reader(history)
    rows = reader.sql("select * from tags", rows=1_000_000).to_pylist()
    tags = {
        TagId(row["tag"]): Tag(
            row["path"],
            unit=row["unit"] or "",
            kind=Kind(row["kind"] or "number"),
            legend={int(k): v for k, v in json.loads(row["legend"] or "{}").items()},
            counter=Counter(resets=True) if row["counter"] else None,
            description=row["description"] or "",
        )
        for row in rows
    }
    known = numeric(tags)
    paths = set(select([tag.path for tag in known.values()], args.pattern, ""))
    newest = reader.sql("select max(time) as newest from samples").to_pylist()[0]["newest"]
    now = Nanoseconds(time.time_ns() if newest is None else int(newest.timestamp() * 1e9) + 1000)
    every = round(seconds(args.every) * 1e9) if args.every else 0
    chosen = {number: tag for number, tag in known.items() if tag.path in paths}
    start = Nanoseconds(now - round(seconds(args.last) * 1e9))
    extract = Extract(
        *(chosen, start, now, ZoneInfo("UTC"), every),
        layout=args.layout or ("wide" if every else "long"),
    )
    return {"tags": len(chosen), "rows": export(reader, extract, kind, out)}


@contextmanager
def _draft(file: Path) -> Iterator[BinaryIO]:
    """A file that takes its name only once it is whole."""
    draft = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with draft.open("w+b") as out:
            yield out
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _scheduled(site: Remote, *, json_wanted: bool) -> int:
    from datetime import UTC, datetime

    from isthmus.cli.screen import table

    found = site.get("/api/exports")
    if json_wanted:
        print(json.dumps(found))
        return 0
    if not found:
        print("no export is scheduled; write `exports: {report: {tags: ..., each: shift}}`")
        return 0

    def moment(ms: float | None) -> str:
        return f"{datetime.fromtimestamp(ms / 1e3, UTC):%Y-%m-%d %H:%M} UTC" if ms else ""

    rows = [
        (each["name"], moment(each["due"]), each["file"], each["rows"], each["error"])
        for each in found
    ]
    print(table(["export", "next", "newest file", "rows", "error"], rows))
    return 0
