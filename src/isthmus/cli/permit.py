"""Work permits: who may write what, within which values, for how long; approved by somebody else.

Needs a running site.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from isthmus.cli.length import seconds
from isthmus.cli.remote import Remote, data_argument, data_folder

EXAMPLE = """examples:
  isthmus permit request packaging/line1/filler/setpoint --range 110 124 --reason "new caps"
  isthmus permit list
  isthmus permit show 7
  isthmus permit approve 7
  isthmus permit refuse 7 --note "not during the audit"
  isthmus permit close 7
  isthmus permit review 7 --note "three writes, all as planned"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    steps = parser.add_subparsers(dest="what", required=True)
    request = steps.add_parser("request", help="ask for one")
    request.add_argument("at", help="tag, equipment or pattern")
    request.add_argument(
        "--range", nargs=2, type=float, required=True, metavar=("LOW", "HIGH"), help="values"
    )
    request.add_argument("--reason", required=True, help="what has to be done")
    request.add_argument("--order", default="", help="work order")
    request.add_argument("--for", dest="length", default="1h", help="how long, 4h at most (1h)")
    request.add_argument("--holder", default="", help="who may use it: person:anna (you)")
    listed = steps.add_parser("list", help="all, newest first")
    parts = [request, listed]
    for name, text in (
        ("show", "one of them"),
        ("approve", "agree to another's"),
        ("refuse", "say no"),
        ("close", "nobody can use it any more"),
        ("review", "look at it afterwards"),
    ):
        part = steps.add_parser(name, help=text)
        part.add_argument("number", type=int)
        if name in ("refuse", "close", "review"):
            part.add_argument("--note", default="", help="why, or what was found")
        parts.append(part)
    for part in parts:
        data_argument(part)
        part.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from isthmus.cli.screen import table

    site = Remote.of(data_folder(args.data))
    if args.what == "list":
        found = site.get("/api/permits")
        head = ("n", "state", "holder", "at", "values", "until", "reason")
        rows = [
            (
                *(str(each["number"]), each["state"], each["holder"], each["at"]),
                f"{each['low']:g} to {each['high']:g}",
                *(_moment(each["end"]), each["reason"]),
            )
            for each in found
        ]
        print(json.dumps(found) if args.json else table(head, rows) if rows else "no permit")
        return 0
    told = _done(site, args)
    print(json.dumps(told) if args.json else said(told))
    return 0


def _done(site: Remote, args: argparse.Namespace) -> dict[str, Any]:
    if args.what == "show":
        found: dict[str, Any] = site.get(f"/api/permits/{args.number}")
        return found
    if args.what == "request":
        wish = {
            "at": args.at,
            "low": args.range[0],
            "high": args.range[1],
            "reason": args.reason,
            "order": args.order,
            "minutes": seconds(args.length) / 60,
            "holder": args.holder,
        }
        made: dict[str, Any] = site.send("/api/permits", json.dumps(wish).encode())
        return made
    note = json.dumps({"note": getattr(args, "note", "")}).encode()
    changed: dict[str, Any] = site.send(f"/api/permits/{args.number}/{args.what}", note)
    return changed


def said(told: dict[str, Any]) -> str:
    """A permit for people."""
    wanted = 2 if told["second"] else 1
    agreed = ", ".join(told["approved"]) or "nobody yet"
    lines = [
        f"permit {told['number']} is {told['state']}",
        f"  for       {told['holder']}, requested by {told['requested']}",
        f"  may write {told['at']}, {told['low']:g} to {told['high']:g}",
        f"  because   {told['reason']}" + (f" ({told['order']})" if told["order"] else ""),
        f"  from      {_moment(told['start'])} until {_moment(told['end'])}",
        f"  approved  {agreed}; it needs {wanted}",
        f"  writes    {len(told['writes'])}",
    ]
    return "\n".join(lines + ([f"  note      {told['note']}"] if told["note"] else []))


def _moment(milliseconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(milliseconds / 1_000))
