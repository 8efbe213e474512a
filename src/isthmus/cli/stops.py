"""See why machines stood, what is likely, and what was said of it; say why, or take it back.

Times are UTC as `list` prints them; without `--path` it is the first line.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from isthmus.cli.remote import Remote, data_argument, data_folder
from isthmus.model.errors import ConfigError

EXAMPLE = """examples:
  isthmus stops list --last 8h --asks
  isthmus stops explain packaging/line1/filler "2026-11-10 09:14:20"
  isthmus stops correct packaging/line1/filler "2026-11-10 09:14:20" breakdown/mechanical
  isthmus stops split packaging/line1/filler "2026-11-10 09:20:00"
  isthmus stops undo 12
"""
SURE = 100


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    listing = steps.add_parser("list", help="the stops, the oldest first")
    listing.add_argument("--path", default="", help="a unit or a line")
    listing.add_argument("--last", default="8h", help="how far back: 8h, 7d (8h)")
    listing.add_argument("--asks", action="store_true", help="only those that wait for a reason")
    listing.add_argument("--known", default="", help="as it was known then: 2026-11-10 14:00:00")
    explain = steps.add_parser("explain", help="one stop, and all that was ever said of it")
    correct = steps.add_parser("correct", help="say why a unit stood")
    split = steps.add_parser("split", help="cut a stop in two")
    for step in (explain, correct, split):
        step.add_argument("path", help="the unit")
        step.add_argument("at", help="a moment of the stop: 2026-11-10 09:14:20")
    correct.add_argument("reason", help="the reason's name; `reasons` lists them")
    correct.add_argument("--comment", default="", help="what else is worth knowing")
    undo = steps.add_parser("undo", help="take back what was said")
    undo.add_argument("number", type=int, help="its number, as `explain` prints it")
    for step in (listing, explain, correct, split, undo, steps.add_parser("reasons")):
        data_argument(step)
        step.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    site = Remote.of(data_folder(args.data))
    found = _ask(site, args)
    if args.json:
        print(json.dumps(found))
        return 0
    tells: dict[str, Callable[[Any], None]] = {
        "list": _list,
        "explain": _explain,
        "reasons": _reasons,
    }
    tell: Callable[[Any], None] = tells.get(args.step, _said)
    tell(found)
    return 0


def _ask(site: Remote, args: argparse.Namespace) -> Any:  # noqa: ANN401 - JSON
    from isthmus.cli.length import seconds

    if args.step == "reasons":
        return site.get("/api/reasons")
    if args.step == "list":
        now = site.get("/api/plant")["now"]
        known = {"known": _moment(args.known)} if args.known else {}
        start = now - seconds(args.last) * 1_000
        show = "asks" if args.asks else "all"
        return site.get("/api/stops", path_=args.path, from_=start, to=now, show=show, **known)
    if args.step == "explain":
        return site.get("/api/stops/explain", path_=args.path, at=_moment(args.at))
    if args.step == "undo":
        return site.send("/api/stops/undo", json.dumps({"number": args.number}).encode())
    wish: dict[str, object] = {"path": args.path}
    if args.step == "split":
        return site.send("/api/stops/split", json.dumps({**wish, "at": _moment(args.at)}).encode())
    wish |= {"start": _moment(args.at), "reason": args.reason, "comment": args.comment}
    return site.send("/api/stops", json.dumps(wish).encode())


def _list(found: dict[str, Any]) -> None:
    from isthmus.cli.screen import table

    rows = [
        (
            *(_told(stop["start"]), round(stop["seconds"] / 60, 1), stop["path"], stop["counts"]),
            *(stop["title"] or "-", _likely(stop)),
        )
        for stop in found["stops"]
    ]
    head = ("from", "min", "unit", "counts", "reason", "likely")
    print(table(head, rows) if rows else "no stop in that time")
    if found["unexplained"] is not None:
        print(f"{SURE * found['unexplained']:.0f} % of the time of own stops has no reason")


def _explain(found: dict[str, Any]) -> None:
    from isthmus.cli.screen import table

    stop = found["stop"]
    end = "now" if stop["going"] else _told(stop["end"])
    print(f"{stop['path']} stood from {_told(stop['start'])} to {end}, {stop['state']}")
    print(f"reason: {stop['title'] or 'not known'}; counts as {stop['counts']}")
    if stop["likely"]:
        print(f"likely: {_likely(stop)}")
        print("\n".join(f"  {text}" for text in stop["likely"]["because"]))
    rows = [
        (
            *(each["number"], _told(each["made"]), each["by"], each["before"] or "-"),
            *(each["title"] or "cut in two", each["comment"], each["undone_by"]),
        )
        for each in found["versions"]
    ]
    head = ("number", "said", "by", "before", "reason", "comment", "taken back by")
    print(table(head, rows) if rows else "nobody said anything of it")


def _reasons(found: list[dict[str, Any]]) -> None:
    from isthmus.cli.screen import table

    print(
        table(
            ("reason", "what people read", "loss"),
            [(each["name"], each["title"], each["category"]) for each in found],
        )
    )


def _said(found: dict[str, Any]) -> None:
    print(f"{found['number']}: {found['title'] or 'cut in two'}; undo takes it back")


def _likely(stop: dict[str, Any]) -> str:
    likely = stop["likely"]
    return f"{likely['title']}, {SURE * likely['confidence']:.0f} %" if likely else "-"


def _told(milliseconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(milliseconds / 1_000))


def _moment(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"`{text}` is no time", hint="2026-11-10 09:14:20, UTC") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1_000
