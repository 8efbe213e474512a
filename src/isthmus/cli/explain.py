"""See how a key figure of an hour or a shift was computed: formula, version, inputs, and before.

Asks the running site; without one what is stored. Without a figure it lists those of the last
windows.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from typing import Any

from isthmus.cli.past import Past, asked, plant_argument
from isthmus.cli.remote import Remote, data_argument
from isthmus.model.errors import ConfigError

EXAMPLE = """examples:
  isthmus explain packaging/line1
  isthmus explain packaging/line1 oee_index
  isthmus explain packaging/line1 oee_index --period shift --at 2026-11-22T10:00
  isthmus query --sql "select time, kpi, value from kpi where period = 'shift' order by time"
"""
CHANGED = {True: "changed", False: "as it was", None: "not compared"}
HOUR = 3_600_000.0


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("path", help="path of a line or a unit")
    parser.add_argument("kpi", nargs="?", help="name of the key figure; without it all are listed")
    parser.add_argument("--at", help="a time inside the window, UTC where it tells no zone (last)")
    parser.add_argument("--period", choices=("hour", "shift"), default="hour")
    data_argument(parser)
    plant_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    import json

    site = asked(args)
    at = _milliseconds(args.at) if args.at else _last(site, args)
    if args.kpi is None:
        told = site.get(
            "/api/kpi", from_=at - 24 * HOUR, to=at + 1, path_=args.path, period=args.period
        )
        newest = {(each["path"], each["kpi"]): each for each in told["values"]}
        rows = [each for each in newest.values() if each["end"] > at]
        print(json.dumps(rows) if args.json else _listed(rows, told))
        return 0
    found = site.get("/api/kpi/explain", path_=args.path, kpi=args.kpi, at=at, period=args.period)
    print(json.dumps(found) if args.json else _explained(found))
    return 0


def _milliseconds(text: str) -> float:
    try:
        told = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"`{text}` is no time", hint="such as 2026-11-22T10:00") from error
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() * 1_000


def _last(site: Remote | Past, args: argparse.Namespace) -> float:
    """A time inside the newest window that is computed."""
    now = float(site.get("/api/plant")["now"])
    start = now - 8 * 24 * HOUR
    told = site.get(
        "/api/kpi", from_=start, to=now, path_=args.path, kpi=args.kpi or "", period=args.period,
        limit=1,
    )  # fmt: skip
    if not told["values"]:
        raise ConfigError(
            f"no {args.period} of {args.path} is computed yet",
            hint=f"{told['waiting_hours']} hours of lines wait; a window is computed a minute after"
            " it ends; `isthmus list equipment` shows paths",
        )
    return float(told["values"][-1]["start"])


def _listed(rows: list[dict[str, Any]], told: dict[str, Any]) -> str:
    from isthmus.cli.screen import table

    cells = [
        (_moment(row["start"]), row["path"], row["kpi"], row["value"], row["unit"], _grade(row))
        for row in rows
    ]
    text = table(("from", "path", "figure", "value", "unit", "quality"), cells)
    waits = told["waiting_hours"]
    return f"{text}\n{waits} hours of lines are still to be computed" if waits else text


def _explained(found: dict[str, Any]) -> str:
    from isthmus.cli.screen import table

    value = found["value"]
    window = f"{_moment(value['start'])} to {_moment(value['end'])}"
    named = f" ({value['shift']})" if value["shift"] else ""
    known = value["value"] is not None
    number = f"{value['value']:.6g} {value['unit']}".strip() if known else "unknown"
    formula = f"{value['formula']} version {value['version']}"
    lines = [
        f"{value['kpi']} of {value['path']}, {window}{named}",
        f"  {number}, {_grade(value)}",
        f"  {found['says']}",
        f"  formula {formula}, computed {_moment(value['computed'])}",
        "",
    ]
    rows = [
        (
            each["path"],
            each["samples"],
            each["digest"],
            CHANGED[each["changed"]],
        )
        for each in value["inputs"]
    ]
    lines.append(table(("input", "samples", "digest", "today"), rows))
    if any(each["changed"] for each in value["inputs"]):
        lines.append("an input changed since: it will be computed again")
    if found["earlier"]:
        earlier = [
            (_moment(each["computed"]), each["value"], each["version"]) for each in found["earlier"]
        ]
        lines += ["", "known before:", table(("computed", "value", "version"), earlier)]
    return "\n".join(lines)


def _grade(row: dict[str, Any]) -> str:
    return ("good", "uncertain", "bad", "bad")[row["quality"] >> 30]


def _moment(milliseconds: float) -> str:
    told = time.gmtime(milliseconds / 1_000)
    return time.strftime("%Y-%m-%d %H:%M:%SZ", told)
