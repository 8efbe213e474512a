"""A line's energy as the pages tell it: figures, the baseline, what measures saved."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any

from isthmus.cli.remote import Remote, data_argument, data_folder

FIGURES = ("per_piece", "baseline_per_piece", "saved", "money", "co2", "base_load")
UNLIKELY = 0.01  # probabilities nearer to none or to 1 are told as such


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("line", nargs="?", default="", help="path of a line (the first)")
    if parser.prog.rpartition(" ")[2] != "saving":
        parser.add_argument("--window", choices=("day", "week", "month"), default="day")
    data_argument(parser)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    site = Remote.of(data_folder(args.data))
    if args.what == "saving":
        measures = site.get("/api/energy/measures", line=args.line)
        print(json.dumps(measures) if args.json else _saving(measures))
        return 0
    told = site.get("/api/energy", line=args.line, window=args.window)
    if args.what == "baseline":
        told = {key: told[key] for key in ("path", "baseline", "why", "notes")}
    print(json.dumps(told) if args.json else SAID[args.what](told))
    return 0


def _show(told: dict[str, Any]) -> str:
    from isthmus.cli.screen import table

    figures = [
        (each["title"], _rounded(each["value"], each["digits"]), each["unit"], each["detail"])
        for each in (told[key] for key in FIGURES)
    ]
    rows = [
        (each["title"], _rounded(each["kw"], 1), _rounded(each["kwh"], 1))
        for each in told["meters"]
    ]
    head = f"{told['path']}, {_moment(told['start'])} to {_moment(told['end'])} UTC"
    tables = [table(("figure", "value", "unit", ""), figures), "", table(("", "kW", "kWh"), rows)]
    return "\n".join([head, "", *tables, *("", *told["notes"])]).rstrip()


def _baseline(told: dict[str, Any]) -> str:
    found = told["baseline"]
    span = f"from {_moment(found['start'])} to {_moment(found['end'])} UTC" if found else ""
    lines = [told["path"], told["why"]["baseline"], span, *told["notes"]]
    return "\n".join(line for line in lines if line)


def _saving(measures: list[dict[str, Any]]) -> str:
    if not measures:
        return "no measure is declared at this line: `measures:` in the plant file"
    return "\n\n".join(_measure(each) for each in measures)


def _measure(told: dict[str, Any]) -> str:
    from isthmus.cli.screen import table

    amounts = ((told["kwh"], "kWh"), (told["money"], told["currency"]), (told["co2_kg"], "kg CO2"))
    known = [
        (round(each["value"], 1), round(each["margin"], 1), unit) for each, unit in amounts if each
    ]
    share = "" if told["percent"] is None else f", {told['percent']:.1f} %"
    since = f"since {_moment(told['start'])} UTC: {told['hours']} hours{share}"
    lines = [f"{told['title']}, {told['line']}, {since}"]
    if known:
        lines += ["", table(("saved", "+- (95 %)", ""), known)]
    if told["goal_percent"] is not None:
        lines += ["", _goal(told)]
    if told["terms"]:
        rows = [
            (term["name"], f"{term['value']:.4g}", f"{term['error']:.2g}", f"{term['p']:.2g}")
            for term in told["terms"]
        ]
        lines += ["", table(("kWh an hour of", "value", "error", "p"), rows)]
        lines.append(f"R2 {told['r2']:.3f}, CV(RMSE) {told['cv_percent'] or 0:.1f} %")
    return "\n".join([*lines, "", told["why"], *told["notes"]])


def _goal(told: dict[str, Any]) -> str:
    """Whether the saving is what it was to be, and how likely the true one is."""
    by = f" by {told['goal_by']}" if told["goal_by"] else ""
    chance, stands = told["goal_probability"], "not known yet"
    if chance is not None:
        word = "reached" if told["percent"] >= told["goal_percent"] else "not reached"
        low, high = chance < UNLIKELY, chance > 1 - UNLIKELY
        sure = "< 0.01" if low else "> 0.99" if high else f"{chance:.2f}"
        stands = f"{word}, probability {sure}"
    return f"goal {told['goal_percent']:g} %{by}: {stands}"


SAID = {"show": _show, "baseline": _baseline}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _moment(milliseconds: float) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1e3, UTC):%Y-%m-%d %H:%M}"
