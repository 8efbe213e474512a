"""Reports of a shift, a day or a week as HTML, PDF or Excel.

Needs a running site. PDF needs `isthmus[report]` there, Excel `isthmus[excel]`.
"""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from pathlib import Path

from isthmus.cli.remote import Remote, data_argument, data_folder

EXAMPLE = """examples:
  isthmus report shift
  isthmus report day --at 2026-11-26T12:00 --format pdf --out day.pdf
  isthmus report week --path packaging --format xlsx
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("kind", choices=("shift", "day", "week"), help="of which time")
    parser.add_argument("--at", type=datetime.fromisoformat, help="a time in it (now)")
    parser.add_argument(
        "--path", default="", help="a line or an area, `/` the whole site (the first line)"
    )
    parser.add_argument("--format", choices=("html", "pdf", "xlsx"), default="html")
    parser.add_argument("--out", type=Path, help="the file (report-KIND.FORMAT)")
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from urllib.parse import urlencode

    asked = {"kind": args.kind, "path": args.path, "form": args.format}
    if args.at is not None:
        asked["at"] = str(args.at.timestamp() * 1e3)
    body = Remote.of(data_folder(args.data)).fetch(f"/api/report?{urlencode(asked)}")
    file = args.out or Path(f"report-{args.kind}.{args.format}")
    file.write_bytes(body)
    told = {"file": str(file), "bytes": file.stat().st_size}
    print(json.dumps(told) if args.json else f"{file}: {told['bytes']:,} bytes")
    return 0
