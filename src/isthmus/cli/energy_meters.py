"""The meters of a plant as the tree that they make, asked of the running site."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any

from isthmus.cli.remote import Remote, data_argument, data_folder


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--window", choices=("day", "week", "month"), default="day")
    data_argument(parser)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    told = Remote.of(data_folder(args.data)).get("/api/energy/meters", window=args.window)
    print(json.dumps(told) if args.json else _said(told))
    return 0


def _said(told: dict[str, Any]) -> str:
    from isthmus.cli.screen import table

    rows = [
        (
            "  " * each["depth"] + each["title"],
            "" if each["how"] == "measured" else each["how"],
            *(_rounded(each[key], digits) for key, digits in COLUMNS.items()),
            "" if each["hours"] == told["hours"] else f"{each['hours']} of {told['hours']}",
        )
        for each in told["meters"]
    ]
    head = ("meter", "", "kW", "kWh", told["currency"], "kg CO2", "hours known")
    span = f"{_moment(told['start'])} to {_moment(told['end'])} UTC, {told['hours']} whole hours"
    tables = ["", table(head, rows)] if rows else []
    return "\n".join([span, *tables, *("", *told["notes"])]).rstrip()


COLUMNS = {"kw": 1, "kwh": 1, "money": 2, "co2_kg": 1}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _moment(milliseconds: float) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1e3, UTC):%Y-%m-%d %H:%M}"
