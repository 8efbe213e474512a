"""Alarms: what asks for somebody, acknowledge and shelve it, and what its journal tells.

Needs a running site.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from isthmus.cli.length import seconds
from isthmus.cli.remote import Remote, data_argument, data_folder

EXAMPLE = """examples:
  isthmus alarm list
  isthmus alarm ack packaging/line1/capper/bearing --note "bearing is ordered"
  isthmus alarm shelve packaging/line1/packer/glue_low --for 2h --reason "heater on order"
  isthmus alarm unshelve packaging/line1/packer/glue_low
  isthmus alarm suppress packaging/line1/filler/bowl_high --reason "sensor is being calibrated"
  isthmus alarm unsuppress packaging/line1/filler/bowl_high
  isthmus alarm history --last 8h
  isthmus alarm statistics --last 7d
  isthmus alarm rationalise --last 30d
"""
STEPS = {
    "ack": ("acknowledge", "you have seen it and act on it"),
    "reset": ("reset", "a latched one is over"),
    "shelve": ("shelve", "nobody needs to see it for a while"),
    "unshelve": ("unshelve", "it is told again"),
    "suppress": ("remove", "take it out of service"),
    "unsuppress": ("restore", "it is in service again"),
}
PAST = {
    "history": ("journal", "what became of alarms", "1d"),
    "statistics": ("statistics", "rates, floods and bad actors of each position", "7d"),
    "rationalise": ("rationalise", "which come too often, and which delay would help", "30d"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    steps = parser.add_subparsers(dest="what", required=True)
    listed = steps.add_parser("list", help="what asks for somebody, and what is set aside")
    listed.add_argument("--all", action="store_true", help="normal ones too")
    parts = [listed]
    for name, (_, text) in STEPS.items():
        part = steps.add_parser(name, help=text)
        part.add_argument("alarms", nargs="+", metavar="ALARM", help="its path")
        needed = name in ("shelve", "suppress")
        part.add_argument("--reason", "--note", default="", required=needed, help="why")
        if name == "shelve":
            part.add_argument("--for", dest="length", default="1h", help="how long (1h)")
        parts.append(part)
    for name, (_, text, usual) in PAST.items():
        part = steps.add_parser(name, help=text)
        part.add_argument("--last", default=usual, help=f"how far back ({usual})")
        if name == "history":
            part.add_argument("--path", default="", help="at or below it")
        parts.append(part)
    for part in parts:
        data_argument(part)
        part.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    site = Remote.of(data_folder(args.data))
    found = _asked(site, args)
    refused = [each for each in found if each["refused"]] if args.what in STEPS else []
    if args.json:
        print(json.dumps(found))
        return int(bool(refused))
    if args.what in PAST:
        say = {"history": _history, "statistics": _statistics, "rationalise": _rationalised}
        print(say[args.what](found))
    else:
        print(_list(found["alarms"] if args.what == "list" else found))
    for each in refused:
        print(f"not done: {each['path']}: {each['refused']}", file=sys.stderr)
    return int(bool(refused))


def _asked(site: Remote, args: argparse.Namespace) -> Any:  # noqa: ANN401 - JSON
    if args.what == "list":
        return site.get("/api/alarms", **({"all": "true"} if args.all else {}))
    if args.what in PAST:
        now = site.get("/api/alarms")["now"]
        query = {"from": now - 1e3 * seconds(args.last), "to": now + 1}
        if args.what == "history" and args.path:
            query["path"] = args.path
        return site.get(f"/api/alarms/{PAST[args.what][0]}", **query)
    wish: dict[str, Any] = {"alarms": args.alarms, "reason": args.reason}
    if args.what == "shelve":
        wish["minutes"] = seconds(args.length) / 60
    return site.send(f"/api/alarms/{STEPS[args.what][0]}", json.dumps(wish).encode())


def _list(found: list[dict[str, Any]]) -> str:
    from isthmus.cli.screen import table

    if not found:
        return "no alarm"
    head = ("p", "state", "since", "alarm", "value", "limit", "what to do")
    rows = []
    for each in found:
        unit = f" {each['unit']}" if each["unit"] else ""
        value, limit = (
            f"{each[key]:.4g}{unit}" if each[key] is not None else "" for key in ("value", "limit")
        )
        state = each["state"] + ("" if each["judged"] else ", not judged")
        aside = f"{each['reason']} ({each['by']})" if each["reason"] else ""
        advice = each["advice"] if not each["until"] else f"until {_moment(each['until'])}: {aside}"
        since = _moment(each["since"]) if each["since"] else ""
        rows.append((str(each["priority"]), state, since, each["path"], value, limit, advice))
    return table(head, rows)


def _history(found: list[dict[str, Any]]) -> str:
    from isthmus.cli.screen import table

    if not found:
        return "nothing happened"
    head = ("time", "p", "alarm", "what", "by", "note")
    rows = [
        (
            *(_moment(each["time"]), str(each["priority"]), each["path"]),
            *(each["text"] + (", first of its group" if each["first"] else ""), each["by"]),
            each["note"],
        )
        for each in found
    ]
    return table(head, rows)


def _statistics(found: list[dict[str, Any]]) -> str:
    lines: list[str] = []
    for each in found:
        lines += [
            each["position"] or "the whole site",
            f"  alarms      {each['raised']}",
            f"  in 10 min   {each['mean']:.2f} (1 is acceptable), never more than {each['most']}",
            f"  floods      {len(each['floods'])}, {each['flooded']:.2%} of the time (below 1 %)",
            f"  chattering  {each['chattering']} alarms",
            f"  standing    {len(each['standing'])} for more than a day",
            f"  ten most    {each['top_ten']:.0%} of all (below 5 %)",
        ]
        lines += [
            f"    {actor['raised']:6} {actor['share']:5.0%} {actor['path']}"
            for actor in each["actors"][:10]
        ]
    return "\n".join(lines) or "no alarm"


def _rationalised(found: list[dict[str, Any]]) -> str:
    from isthmus.cli.screen import table

    if not found:
        return "no alarm came"
    head = ("came", "seen", "lasted", "alarm", "advice")
    rows = [
        (
            *(str(each["raised"]), str(each["acknowledged"])),
            f"{each['median']:.3g} s" if each["median"] is not None else "",
            *(each["path"], each["text"]),
        )
        for each in found
    ]
    return table(head, rows)


def _moment(milliseconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(milliseconds / 1_000))
