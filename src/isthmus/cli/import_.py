"""Bring old history in: files, the answer of a database to a query, what a device recorded.

Columns and names are mapped to tags by path, by --map or by a file; values become the tag's unit.
A running site takes them through its stream, else they go into its files. An import can be
stopped and run again; what is there already stays as it is.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.cli.remote import data_argument, data_folder
from isthmus.model.errors import ConfigError

if TYPE_CHECKING:
    from isthmus.historian.ingest.piece import Reader

EXAMPLE = """examples:
  isthmus import energy.csv --time date --map 'Usage_kWh=packaging/line1/meter/energy' --dry-run
  isthmus import old/*.parquet --zone Europe/Berlin --under packaging/line1
  isthmus import --from postgresql://reader@mes/plant --sql 'select ts, tag, value from samples'
  isthmus import pi-export.csv --create legacy/boiler --max-errors 0
  isthmus import --opcua filler-plc --from 2026-11-01 --to now --dry-run
"""
MAX_ERRORS = 1_000


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("files", nargs="*", type=Path, help="CSV (also .gz, .bz2, .xz) or Parquet")
    parser.add_argument("--sql", help="a SELECT, asked of the database --from")
    parser.add_argument("--opcua", metavar="CONNECTION", help="ask its server what it recorded")
    parser.add_argument(
        "--from", dest="url", help="postgresql://..., sqlite:///file, ...; with --opcua a time"
    )
    parser.add_argument("--to", help="with --opcua: until when, 2026-11-20T06:00 or now")
    parser.add_argument("--plant", type=Path, help="plant file with the connection (plant.yaml)")
    tags = parser.add_argument_group("which tag a column, or a name, means")
    tags.add_argument(
        "--map", action="append", default=[], metavar="NAME=PATH",
        help="may hold one *, and a unit: 'F1_*=line1/filler/*', 'T1=line1/temp [degF]'",
    )  # fmt: skip
    tags.add_argument("--map-file", type=Path, help="CSV of name, path and, if it matters, unit")
    tags.add_argument("--under", default="", help="equipment below which names are looked for")
    tags.add_argument("--create", metavar="EQUIPMENT", help="make tags that are missing, below it")
    tags.add_argument(
        "--skip-unmatched", action="store_true", help="pass over what means no tag; else an error"
    )
    form = parser.add_argument_group("how it is written; found out where nothing is said")
    form.add_argument("--layout", choices=("long", "wide"), help="a tag a row, or a tag a column")
    form.add_argument("--time", default="", metavar="COLUMN", help="the column of time")
    form.add_argument("--tag", default="", metavar="COLUMN", help="the column of names (long)")
    form.add_argument("--value", default="", metavar="COLUMN", help="the column of values (long)")
    form.add_argument("--quality", default="", metavar="COLUMN", help="the column of qualities")
    form.add_argument("--opc-da", action="store_true", help="qualities are 192, 64, 0 of OPC DA")
    form.add_argument("--time-format", default="", help="%%d.%%m.%%Y %%H:%%M, epoch_ms, excel, iso")
    form.add_argument("--zone", default="", help="of times that tell none (the plant's)")
    form.add_argument(
        "--twice", choices=("order", "earlier", "later"), default="order",
        help="the hour that comes twice in autumn: by the order of rows, or all one of them",
    )  # fmt: skip
    form.add_argument("--delimiter", default="", help="what stands between cells; \\t is a tab")
    form.add_argument(
        "--decimal", choices=(".", ","), default="",
        help="the decimal sign; with `,` a cell such as 1.234 is refused without --thousands",
    )  # fmt: skip
    form.add_argument(
        "--thousands", choices=(".", ","), default="",
        help="what parts thousands, so that the other one is the decimal sign",
    )  # fmt: skip
    form.add_argument("--encoding", default="", help="utf-8, cp1252, utf-16, ...")
    form.add_argument("--skip", type=int, default=0, help="lines before the column names")
    parser.add_argument("--dry-run", action="store_true", help="tell what would happen; do nothing")
    parser.add_argument("--again", action="store_true", help="although it was imported before")
    parser.add_argument(
        "--max-errors", type=int, default=MAX_ERRORS, help=f"stop beyond so many ({MAX_ERRORS})"
    )
    parser.add_argument("--rejects", type=Path, help="where rejected rows go (FILE.rejects.csv)")
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    import json

    from isthmus.cli.importing import Options, bring
    from isthmus.cli.sites import opened

    if sum(map(bool, (args.files, args.sql, args.opcua))) != 1:
        raise ConfigError(
            "what shall be imported?",
            hint="name files, or --sql with --from, or --opcua with --from and --to",
        )
    if args.opcua:
        return _recorded(args)
    if args.sql and not args.url:
        raise ConfigError("a query of which database?", hint="--from postgresql://user@host/name")
    missing = next((file for file in args.files if not file.is_file()), None)
    if missing is not None:
        raise ConfigError(f"there is no file {missing}", hint="check the name")
    told = []
    with opened(data_folder(args.data)) as site:
        options = Options.of(args, site)
        for file in args.files or [None]:
            told.append(bring(site, _reader(args, file), file, options))
            if not args.json:
                print(_text(told[-1]))
    if args.json:
        print(json.dumps(told if len(told) > 1 else told[0]))
    return 0


def _recorded(args: argparse.Namespace) -> int:
    import json

    from isthmus.cli.importing_device import bring
    from isthmus.cli.sites import opened

    data = data_folder(args.data)
    with opened(data) as site:
        told = bring(site, args, data)
    print(json.dumps(told) if args.json else _device_text(told))
    return 0


def _device_text(told: dict[str, Any]) -> str:
    from isthmus.cli.screen import table

    if told["known"] and not told["read"]:
        return (
            f"this span of {told['source']} was imported before: nothing to do\n"
            "hint: --again compares it once more with what is there"
        )
    names = {"fresh": "new", "unchanged": "there", "closed": "gaps closed"}
    keys = ("node", "tag", "read", "fresh", "corrected", "unchanged", "closed", "first", "last")
    kept = [tag for tag in told["tags"] if not tag["refused"]]
    lines = [table([names.get(k, k) for k in keys], [[tag[k] for k in keys] for tag in kept])]
    lines += [
        f"no history: {tag['node']} ({tag['tag']}): {tag['refused']}"
        for tag in told["tags"]
        if tag["refused"]
    ]
    if told["first_rows"]:
        first = [tuple(row.values()) for row in told["first_rows"]]
        lines += ["\nfirst samples:", table(("time", "tag", "value", "quality"), first)]
    if not told["read"]:
        lines.append("it recorded nothing in this span; the server says how far its history goes")
    verb = "would change" if told["dry_run"] else "took"
    lines.append(
        f"\n{told['source']} from {told['from']} to {told['to']}: read {told['read']:,} samples,"
        f" {verb} {told['fresh']:,} new and {told['corrected']:,} corrected;"
        f" {told['unchanged']:,} were there, {told['closed']:,} gaps closed"
        f" ({told['seconds']:.1f} s, {told['per_s']:,.0f} samples/s)"
    )
    return "\n".join(lines)


def _reader(args: argparse.Namespace, file: Path | None) -> Reader:
    from isthmus.historian.ingest.csv_file import CsvFile
    from isthmus.historian.ingest.parquet_file import ParquetFile
    from isthmus.historian.ingest.sql_query import SqlQuery

    if file is None:
        return SqlQuery(args.url, args.sql)
    if file.suffix.lower() in (".parquet", ".pq"):
        return ParquetFile(file)
    return CsvFile(file, delimiter=args.delimiter, encoding=args.encoding, skip=args.skip)


def _text(told: dict[str, Any]) -> str:
    from isthmus.cli.screen import table

    lines = []
    if told["known"] and not told["samples"]:
        return (
            f"{told['source']} was imported before: nothing to do\n"
            "hint: --again compares it once more with what is there"
        )
    head = ("name", "tag", "samples", "from", "to")
    lines.append(table(head, [[tag[key] for key in head] for tag in told["tags"]]))
    for name, found in told["unmatched"].items():
        near = f"; did you mean {found['nearest']}?" if found["nearest"] else ""
        lines.append(f"no tag: {name} ({found['rows']:,} rows{near})")
    if told["first_rows"]:
        lines.append("\nfirst samples:")
        first = [tuple(row.values()) for row in told["first_rows"]]
        lines.append(table(("time", "tag", "value", "quality"), first))
    verb = "would change" if told["dry_run"] else "took"
    lines.append(
        f"\n{told['source']}: {verb} {told['fresh']:,} new and {told['corrected']:,} corrected"
        f" samples; {told['unchanged']:,} were there, {told['absent']:,} cells were empty,"
        f" {told['rejected']:,} rejected ({told['seconds']:.1f} s, {told['per_s']:,.0f} samples/s)"
    )
    for reason, count in told["reasons"].items():
        first = told["first_rejects"][reason]
        lines.append(f"rejected {count:,}, the first in row {first}: {reason}")
    if told["local"]:
        lines.append(f"times without a zone were read as {told['zone']}")
    if told["rejects"]:
        lines.append(f"rejected rows: {told['rejects']}")
    return "\n".join(lines)
