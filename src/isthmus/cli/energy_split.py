"""The energy of a line or a machine by state, order and product, asked of the running site."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any

from isthmus.cli.remote import Remote, data_argument, data_folder


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("path", nargs="?", default="", help="a line or a machine (the first line)")
    parser.add_argument("--window", choices=("day", "week", "month"), default="day")
    data_argument(parser)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    site = Remote.of(data_folder(args.data))
    told = site.get("/api/energy/split", path_=args.path, window=args.window)
    print(json.dumps(told) if args.json else _said(told, args.what))
    return 0


def _said(told: dict[str, Any], what: str) -> str:
    span = f"{told['path']}, {_moment(told['start'])} to {_moment(told['end'])} UTC"
    if told["total"] is None:
        return "\n".join([span, *told["notes"]])
    if what == "orders":
        tables = [_table("order", told, told["orders"]), ""]
        tables.append(_table("product", told, told["products"]))
    else:
        sums = [each for each in (told["total"], told["waste"], told["base_load"]) if each]
        tables = [_table("state", told, told["states"]), "", _table("together", told, sums)]
        tables += ["", _wasted(told)] if told["machines"] else []
    return "\n".join([span, "", *tables, *("", *told["notes"])]).rstrip()


def _table(head: str, told: dict[str, Any], parts: list[dict[str, Any]]) -> str:
    from isthmus.cli.screen import table

    rows = [
        (
            *(each["name"], round(each["seconds"] / 3600, 2), round(each["kwh"], 1)),
            *(round(each["percent"], 1), round(each["money"], 2), round(each["co2_kg"], 1)),
            *(round(each["pieces"]), _rounded(each["kwh_per_piece"], 5)),
        )
        for each in parts
    ]
    names = (head, "h", "kWh", "%", told["currency"], "kg CO2", "good pieces", "kWh a piece")
    return table(names, rows)


def _wasted(told: dict[str, Any]) -> str:
    from isthmus.cli.screen import table

    rows = [
        (each["path"], *(round(each["waste"][key], 1) for key in ("kwh", "percent", "money")))
        for each in told["machines"]
    ]
    return table(("idle waste of", "kWh", "% of its own", told["currency"]), rows)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _moment(milliseconds: float) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1e3, UTC):%Y-%m-%d %H:%M}"
