"""The load of a line in the next 24 hours, asked of the running site."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any

from isthmus.cli.remote import Remote, data_argument, data_folder

HOUR = 4  # quarters


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("line", nargs="?", default="", help="path of a line (the first)")
    data_argument(parser)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    told = Remote.of(data_folder(args.data)).get("/api/energy/forecast", line=args.line)
    print(json.dumps(told) if args.json else _said(told))
    return 0


def _said(told: dict[str, Any]) -> str:
    from isthmus.cli.screen import table

    if all(value is None for value in told["kw"]):
        return "\n".join([f"{told['path']}: nothing is foreseen", *told["notes"]])
    rows = [
        (_moment(told["start"][at]), *(_mean(told[key][at : at + HOUR]) for key in COLUMNS))
        for at in range(0, len(told["start"]), HOUR)
    ]
    lines = [
        f"{told['path']}, the next 24 h, learned from {told['days']} days",
        _peak(told),
        _totals(told),
        "",
        table(("hour, UTC", "kW", "low", "high"), rows),
        *(("", _moves(told)) if told["moves"] else ()),
        *("", *told["notes"]),
    ]
    return "\n".join(lines).rstrip()


def _peak(told: dict[str, Any]) -> str:
    peak, low, high = (told[key] for key in ("peak_kw", "peak_low", "peak_high"))
    if peak is None:
        return "the peak is not known"
    between = f", {low:.1f} to {high:.1f} in 8 of 10 such days" if low is not None else ""
    return f"peak {peak:.1f} kW about {_moment(told['peak_at'])}{between}"


def _totals(told: dict[str, Any]) -> str:
    if told["kwh"] is None:
        return "the day's kWh are not known"
    return f"{told['kwh']:.0f} kWh, {told['money']:.2f} {told['currency']}, {told['co2_kg']:.0f} kg"


COLUMNS = ("kw", "low", "high")


def _moves(told: dict[str, Any]) -> str:
    from isthmus.cli.screen import table

    rows = [
        (
            *(each["path"], _moment(each["start"]), _moment(each["to"]), round(each["kwh"], 1)),
            *(round(each["money"], 2), round(each["peak_kw"], 1)),
        )
        for each in told["moves"]
    ]
    head = ("may be moved", "from", "to", "kWh", f"saves {told['currency']}", "peak, kW less")
    return table(head, rows)


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 1) if known else None


def _moment(milliseconds: float) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1e3, UTC):%Y-%m-%d %H:%M}"
