"""See what was done and by whom, prove that nobody changed the record, carry it elsewhere.

Reads the files of the data folder, whether the site runs or not; `verify` asks a running site,
which knows what history holds of its signatures.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus.cli.length import seconds
from isthmus.cli.remote import data_argument, data_folder

if TYPE_CHECKING:
    from isthmus.trust.ledger.find import Wanted
    from isthmus.web.contract import LedgerVerdict

EXAMPLE = """examples:
  isthmus ledger --last 24h
  isthmus ledger list --kind action --about packaging/line1/filler
  isthmus ledger verify
  isthmus ledger verify --anchor /mnt/other/isthmus-anchor.jsonl
  isthmus ledger export --format cef --last 7d > week.cef
  isthmus ledger export --format syslog --to tls://siem.example:6514 --ca siem.pem
"""
ALL = "1000000h"


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("what", nargs="?", choices=("list", "verify", "export"), default="list")
    parser.add_argument("--last", default="", help="how far back: 8h, 7d (list: 24h, export: all)")
    parser.add_argument("--kind", default="", help="such as action, permit, sign-in, certificate")
    parser.add_argument("--by", default="", help="who: person:anna; * is anything")
    parser.add_argument("--about", default="", help="a path and all below it, a permit, an account")
    parser.add_argument("--limit", type=int, default=200, help="list the newest so many (200)")
    parser.add_argument("--anchor", type=Path, help="verify: a file of signatures kept elsewhere")
    parser.add_argument("--format", choices=("json", "cef", "syslog"), default="json")
    parser.add_argument("--to", default="", help="export: tls://HOST:6514, tcp://... or udp://...")
    parser.add_argument("--ca", type=Path, help="export: the authority of the collector's TLS")
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from isthmus.model.errors import ConfigError
    from isthmus.runtime.trust.record import FOLDER

    folder = data_folder(args.data) / FOLDER
    if not folder.is_dir():
        raise ConfigError(
            f"there is no ledger in {folder}", hint="name the site's data folder with --data"
        )
    return {"list": _list, "verify": _verify, "export": _export}[args.what](args, folder)


def _wanted(args: argparse.Namespace, default: str) -> Wanted:
    from isthmus.trust.ledger.find import Wanted

    start = max(0, time.time_ns() - round(seconds(args.last or default) * 1e9))
    return Wanted(start, kind=args.kind, by=args.by, about=args.about.strip("/"))


def _list(args: argparse.Namespace, folder: Path) -> int:
    from isthmus.cli.screen import table
    from isthmus.trust.ledger.export import one_line
    from isthmus.trust.ledger.find import newest
    from isthmus.web.ledger import told

    found = newest(folder, _wanted(args, "24h"), max(1, args.limit))
    if args.json:
        print(json.dumps([told(entry).model_dump() for entry in found]))
        return 0
    rows = [
        (
            *(str(entry.number), _moment(entry.time), entry.kind),
            *(one_line(text) for text in (entry.by, entry.about, entry.text)),
        )
        for entry in reversed(found)
    ]
    head = ("n", "time", "kind", "by", "about", "what")
    print(table(head, rows) if rows else f"nothing was recorded in the last {args.last or '24h'}")
    return 0


def _verify(args: argparse.Namespace, folder: Path) -> int:
    from isthmus.client.remote import Remote
    from isthmus.model.errors import LinkError
    from isthmus.trust.ledger.anchor import read_anchor
    from isthmus.trust.ledger.check import examine
    from isthmus.web import contract
    from isthmus.web.ledger import verdict

    found: LedgerVerdict | None = None
    if args.anchor is None:
        try:
            told = Remote.of(data_folder(args.data)).get("/api/ledger/verify")
            found = contract.LedgerVerdict.model_validate(told)
        except LinkError:
            found = None  # no site runs: its files say all but what history knows
    if found is None:
        anchors = () if args.anchor is None else read_anchor(args.anchor)
        found = verdict(examine(folder, anchors))
    print(found.model_dump_json() if args.json else _said(found))
    return 0 if found.sound else 1


def _said(found: LedgerVerdict) -> str:
    fault = found.fault
    if fault is not None:
        return (
            f"NOT SOUND: {fault.wrong}: {fault.text}\n"
            f"  {fault.file} line {fault.line}, record {fault.number}; "
            f"the {found.records:,} records before it are sound"
        )
    span = f"records {found.first:,} to {found.records:,} in {found.files} files"
    lines = [f"sound: {span}, {found.checkpoints:,} signatures"]
    if found.unsigned:
        lines.append(f"  {found.unsigned} records stand after the last signature")
    if found.anchored:
        lines.append(f"  vouched for from outside up to record {found.anchored:,}")
    else:
        lines.append("  nothing outside vouches for its end: see `ledger: {anchor: PATH}`")
    if found.torn:
        lines.append("  the last line has no end: it is being written, or a crash tore it")
    return "\n".join(lines)


def _export(args: argparse.Namespace, folder: Path) -> int:
    from isthmus.model.errors import ConfigError
    from isthmus.runtime.trust.record import sender
    from isthmus.trust.ledger.export import FORMATS
    from isthmus.trust.ledger.find import oldest
    from isthmus.trust.ledger.send import place, send

    who = sender(str(folder.parents[1].name))
    lines = (FORMATS[args.format](entry, who) for entry in oldest(folder, _wanted(args, ALL)))
    if not args.to:
        for line in lines:
            sys.stdout.write(line + "\n")
        return 0
    place(args.to)
    if args.format == "json":
        raise ConfigError("a collector takes syslog", hint="give --format syslog or --format cef")
    sent = send(lines, args.to, ca=args.ca)
    print(json.dumps({"sent": sent, "to": args.to}) if args.json else f"{sent} records sent")
    return 0


def _moment(time_ns: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(time_ns / 1e9))
