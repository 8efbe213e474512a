"""Reports of a shift, a day or a week as HTML, PDF or Excel; and those made by themselves.

Needs a running site. PDF needs `isthmus[report]` there, Excel `isthmus[excel]`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.cli import plant_clock
from isthmus.cli.remote import Remote, data_argument, data_folder

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

EXAMPLE = """examples:
  isthmus report shift
  isthmus report day --at 2026-11-26T12:00 --format pdf --out day.pdf
  isthmus report week --path packaging --format xlsx
  isthmus report list
  isthmus report make line1-shift
"""
KINDS = ("shift", "day", "week")


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    words = "of which time; `list` the scheduled ones, `make` one of them now"
    parser.add_argument("kind", choices=(*KINDS, "list", "make"), help=words)
    parser.add_argument("name", nargs="?", default="", help="with `make`: its name")
    parser.add_argument(
        "--at", default="", help="a time in it, of the plant: 2026-11-26T12:00 (now)"
    )
    parser.add_argument(
        "--path", default="", help="a line or an area, `/` the whole site (the first line)"
    )
    parser.add_argument("--format", choices=("html", "pdf", "xlsx"), default="html")
    parser.add_argument("--out", type=Path, help="the file (report-KIND.FORMAT)")
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    site = Remote.of(data_folder(args.data))
    if args.kind == "list":
        found = site.get("/api/reports")
        print(json.dumps(found) if args.json else shown(found, plant_clock.zone(site)))
        return 0
    if args.kind == "make":
        return _make(site, args)
    return _fetch(site, args)


def _fetch(site: Remote, args: argparse.Namespace) -> int:
    from urllib.parse import urlencode

    asked = {"kind": args.kind, "path": args.path, "form": args.format}
    asked |= {key: str(at) for key, at in plant_clock.asked(site, args.at).items()}
    body = site.fetch(f"/api/report?{urlencode(asked)}")
    file = args.out or Path(f"report-{args.kind}.{args.format}")
    file.write_bytes(body)
    told = {"file": str(file), "bytes": file.stat().st_size}
    print(json.dumps(told) if args.json else f"{file}: {told['bytes']:,} bytes")
    return 0


def _make(site: Remote, args: argparse.Namespace) -> int:
    from urllib.parse import quote

    from isthmus.model.errors import ConfigError

    if not args.name:
        raise ConfigError("which report is not said", hint="`isthmus report list` names them")
    wish = plant_clock.asked(site, args.at)
    made = site.send(f"/api/reports/{quote(args.name, safe='')}/make", json.dumps(wish).encode())
    print(json.dumps(made) if args.json else _issue(made, plant_clock.zone(site)))
    return 0


def shown(found: dict[str, Any], zone: ZoneInfo) -> str:
    """The scheduled reports for people, times in `zone`."""
    lines = []
    for plan in found["plans"]:
        of = plan["path"] or "the whole site"
        lines.append(f"{plan['name']}: each {plan['what']} of {of}, in {plan['folder']}")
        if plan["error"]:
            lines += [f"  failed {plan['failed']} times: {plan['error']}", f"  {plan['hint']}"]
        elif plan["due"] is not None:
            lines.append(f"  next {plant_clock.minute(plan['due'], zone)}")
        lines += [f"  {_issue(each, zone)}" for each in plan["issues"][:5]]
        more = len(plan["issues"]) - 5
        lines += [f"  and {more} more"] if more > 0 else []
    return "\n".join(lines) or "the plant file has no `reports`"


def _issue(issue: dict[str, Any], zone: ZoneInfo) -> str:
    revision = f", revision {issue['revision']}: {issue['because']}" if issue["because"] else ""
    forms = ", ".join(issue["forms"])
    made = plant_clock.minute(issue["made"], zone)
    return f"{issue['title']} ({forms}), made {made}{revision}"
