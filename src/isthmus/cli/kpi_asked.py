"""Key figures, bottlenecks, cycle times and control charts, as the running site computes them."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any

from isthmus.cli.length import seconds
from isthmus.cli.remote import Remote, data_folder
from isthmus.model.errors import ConfigError

USUAL = "oee_index,availability,effectiveness,quality_ratio,nee_index,teep,energy_per_good_piece"


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of what the site is asked."""
    parser.add_argument("--last", default="", help="how far back: 8h, 7d (the last 24 h)")
    parser.add_argument("--from", dest="start", default="", help="from when, UTC: 2026-11-22T06:00")
    parser.add_argument(
        "--to", dest="end", default="", help="until when, UTC; now where it is empty"
    )
    parser.add_argument(
        "--each",
        choices=("hour", "shift", "day", "week", "order", "batch", "product", "whole"),
        default="whole",
        help="table: a row for each such window, whole (one row)",
    )
    parser.add_argument(
        "--by",
        choices=("", "hour", "shift", "day", "week", "order", "batch", "product", "unit"),
        default="",
        help="table, explain: the range divided by it; what has one name is summed",
    )
    parser.add_argument("--row", default="", help="explain: the name of one row of --by")
    parser.add_argument("--figures", default=USUAL, help="table: names between commas, or all")
    parser.add_argument("--size", type=int, default=1, help="spc: values a subgroup (1)")
    parser.add_argument("--every", default="", help="spc: one subgroup in so long: 15min (all)")
    parser.add_argument("--lower", type=float, help="spc: lower specification limit")
    parser.add_argument("--upper", type=float, help="spc: upper specification limit")


def table(args: argparse.Namespace) -> int:
    """Print figures of equipment, a row a window."""
    figures = "" if args.figures == "all" else args.figures
    found = _get(
        args, "/api/kpi/table", path_=_place(args), kpi=figures, each=args.each, by=args.by
    )
    if args.json:
        print(json.dumps(found))
        return 0
    from isthmus.cli.chart import bars
    from isthmus.cli.screen import table as shown

    windows, columns = found["windows"], found["figures"]
    if len(windows) == 1 and not args.by:
        only = [(each["id"], _number(each["values"][0]), each["unit"], each["why"][0])
                for each in columns]  # fmt: skip
        print(shown(("figure", "value", "unit", "why there is none"), only))
        return 0
    told = [each for each in columns if any(value is not None for value in each["values"])]
    rows = [
        (*_name(window, args.by), *(_number(each["values"][at]) for each in told))
        for at, window in enumerate(windows)
    ]
    first = (args.by, "times") if args.by else ("from", "window")
    print(shown((*first, *(each["id"] for each in told)), rows))
    for each in told:
        print(f"{each['id']:>24} {bars(each['values'])}")
    return 0


def explain(args: argparse.Namespace) -> int:
    """Print how a figure came about: formula, parts, elements, tags."""
    if not args.figure:
        raise ConfigError(
            "no key figure is named", hint="isthmus kpi explain packaging/line1 oee_index"
        )
    asked = {"by": args.by, "row": args.row} if args.by else {}
    found = _get(args, "/api/kpi/formula", path_=_place(args), kpi=args.figure, **asked)
    if args.json:
        print(json.dumps(found))
        return 0
    from isthmus.cli.screen import table as shown

    figure, window = found["figure"], found["window"]
    value = f"{_number(found['value'])} {figure['unit']}" if not found["why"] else found["why"]
    print(f"{figure['id']}: {figure['title']}, {figure['standard']}")
    print(f"  {args.name}, {_moment(window['start'])} to {_moment(window['end'])}")
    print(f"  {figure['formula']} = {value}")
    print(f"  version {found['version']}, computed {_moment(found['computed'])}\n")
    parts = [
        (part["name"], _number(part["value"]), part["unit"], part["formula"] or part["title"])
        for part in (*found["made_of"], *found["elements"])
    ]
    print(shown(("part", "value", "unit", "what it is"), parts), end="\n\n")
    tags = [
        (each["path"], each["samples"], f"{each['gaps_percent']:.2f}", f"{each['shared']:g}")
        for each in found["sources"]
    ]
    print(shown(("tag", "samples", "unknown %", "shared over an edge"), tags))
    return 0


def bottleneck(args: argparse.Namespace) -> int:
    """Print which unit holds a line back."""
    found = _get(args, "/api/bottleneck", line=args.name, each="day")
    if args.json:
        print(json.dumps(found))
        return 0
    from isthmus.cli.screen import table as shown

    keys = ("percent", "sole", "shifting", "starved", "blocked")
    rows = [
        (unit["unit"], *(f"{unit[key]:.1f}" for key in keys)) for unit in found["units"]
    ]  # fmt: skip
    print(shown(("unit", "%", "alone min", "shifting", "starved", "blocked"), rows))
    days = [(day["name"], day["unit"], f"{day['percent']:.1f}", day["turning_point"] or "")
            for day in found["days"] if day["unit"]]  # fmt: skip
    if len(days) > 1:
        print(shown(("day", "bottleneck", "%", "turning point"), days))
    turning = found["turning_point"] or "none: no unit waited"
    print(f"turning point: {turning}" + ("" if found["plain"] else ", not a plain one"))
    return 0


def cycles(args: argparse.Namespace) -> int:
    """Print how long pieces took."""
    found = _get(args, "/api/cycles", path_=_place(args))
    if args.json:
        print(json.dumps(found))
        return 0
    from isthmus.cli.chart import bars

    mean = _number(found["mean"])
    ideal = f", ideal {found['ideal']:.3g} s" if found["ideal"] else ""
    print(f"{found['path']}: {found['pieces']:,.0f} pieces, {mean} s each on average{ideal}")
    for percent, value in found["percentiles"].items():
        print(f"  {percent:>3} % took at most {_number(value)} s")
    if found["bars"]:
        first, last = found["bars"][0]["first"], found["bars"][-1]["last"]
        print(f"  {first:.3g} s {bars([bar['pieces'] for bar in found['bars']])} {last:.3g} s")
    return 0


def spc(args: argparse.Namespace) -> int:
    """Print a tag's control chart, capability and broken rules."""
    limits = {key: getattr(args, key) for key in ("lower", "upper")}
    asked = {key: value for key, value in limits.items() if value is not None}
    if args.every:
        asked["every"] = seconds(args.every)
    found = _get(args, "/api/spc", tag=_place(args), size=args.size, **asked)
    if args.json:
        print(json.dumps(found))
        return 0
    from isthmus.cli.chart import bars

    print(
        f"{found['path']}: {found['count']} values, mean {_number(found['mean'])} {found['unit']}"
    )
    print("  " + ", ".join(f"{key} {_number(found[key])}" for key in ("cp", "cpk", "pp", "ppk")))
    for chart in found["charts"]:
        print(
            f"  {chart['kind']}: {chart['lower']:.6g} to {chart['upper']:.6g}, centre "
            f"{chart['centre']:.6g}, {len(chart['signals'])} signals"
        )
        print(f"  {bars(chart['points'][-80:])}")
        for signal in chart["signals"][-10:]:
            at = _moment(chart["time"][signal["at"]])
            print(f"    {at} rule {signal['rule']}: {signal['says']}")
    return 0


def _name(window: dict[str, Any], by: str) -> tuple[str, str]:
    """What tells a row from the others: its name and how often it was, else when it began."""
    if not by or by == "hour":
        return _moment(window["start"]), window["name"] or str(window["parts"])
    return window["name"] or "none", str(window["parts"])


def _place(args: argparse.Namespace) -> str:
    if not args.name:
        raise ConfigError("no path is named", hint="`isthmus list equipment` shows paths")
    return str(args.name)


def _get(args: argparse.Namespace, route: str, **query: Any) -> Any:  # noqa: ANN401 - JSON
    site = Remote.of(data_folder(args.data))
    end = _when(args.end) if args.end else float(site.get("/api/plant")["now"])
    start = _when(args.start) if args.start else end - 1_000 * seconds(args.last or "24h")
    return site.get(route, from_=start, to=end, **query)


def _when(text: str) -> float:
    try:
        told = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"`{text}` is no time", hint="such as 2026-11-22T10:00") from error
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() * 1_000


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _moment(milliseconds: float) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1_000, UTC):%Y-%m-%d %H:%M:%SZ}"
