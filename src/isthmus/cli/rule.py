"""Rules: what they watch and do, what they would have done, and the work that they propose.

Needs a running site. A rule whose mode is `live` acts once somebody has seen the test of its
present text.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from isthmus.cli.length import seconds
from isthmus.cli.remote import Remote, data_argument, data_folder

EXAMPLE = """examples:
  isthmus rule list
  isthmus rule show idle_air
  isthmus rule test idle_air --over 30d
  isthmus rule test idle_air --over 30d --for "5 min"
  isthmus rule disable idle_air
  isthmus rule enable idle_air
  isthmus rule proposals
  isthmus rule proposals --accept 3 --note "planned for Tuesday"
  isthmus rule proposals --reject 4 --note "done last week"
"""
SHOWN = 12  # firings
TRIED = ("when", "until", "deadband", "for", "at_most_every")


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    steps = parser.add_subparsers(dest="what", required=True)
    parts = [steps.add_parser("list", help="all rules and how they are")]
    for name, text in (
        ("show", "one of them"),
        ("test", "what it would have done; without it a rule does not go live"),
        ("enable", "let it act again"),
        ("disable", "keep it from acting"),
    ):
        part = steps.add_parser(name, help=text)
        part.add_argument("name", help="the rule's name in the plant file")
        if name == "test":
            part.add_argument("--over", default="30d", help="how far back (30d)")
            for key in TRIED:
                option = f"--{key.replace('_', '-')}"
                part.add_argument(option, metavar="X", help=f"with another `{key}`: only tried")
        parts.append(part)
    proposals = steps.add_parser("proposals", help="work that rules propose; decide on it")
    choice = proposals.add_mutually_exclusive_group()
    choice.add_argument("--accept", type=int, metavar="N", help="it is to be done")
    choice.add_argument("--reject", type=int, metavar="N", help="it is not")
    proposals.add_argument("--note", default="", help="why, or who does it when")
    parts.append(proposals)
    for part in parts:
        data_argument(part)
        part.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    site = Remote.of(data_folder(args.data))
    found = _asked(site, args)
    if args.json:
        print(json.dumps(found))
        return 0
    if args.what == "proposals":
        print(_proposals(found))
    else:
        print({"list": _list, "test": _test}.get(args.what, _show)(found))
    return 0


def _asked(site: Remote, args: argparse.Namespace) -> Any:  # noqa: ANN401 - JSON
    if args.what == "proposals":
        number = args.accept or args.reject
        if number is None:
            return site.get("/api/proposals")
        wish = {"accept": args.accept is not None, "note": args.note}
        return [site.send(f"/api/proposals/{number}", json.dumps(wish).encode())]
    if args.what == "test":
        asked = {key: said for key in TRIED if (said := getattr(args, key)) is not None}
        step = "try" if asked else "test"
        wish_ = json.dumps({"seconds": seconds(args.over), **asked}).encode()
        return site.send(f"/api/rules/{args.name}/{step}", wish_)
    if args.what in ("enable", "disable"):
        enabled = json.dumps({"enabled": args.what == "enable"}).encode()
        return site.send(f"/api/rules/{args.name}/switch", enabled)
    listed = site.get("/api/rules")
    return listed if args.what == "list" else _one(listed["rules"], args.name)


def _one(found: list[dict[str, Any]], name: str) -> dict[str, Any]:
    from isthmus.model.errors import Refused
    from isthmus.model.path import nearest

    for each in found:
        if each["name"] == name:
            return each
    close = nearest(name, [each["name"] for each in found])
    hint = f"did you mean `{close}`?" if close else "`isthmus rule list` names them"
    raise Refused(f"there is no rule `{name}`", hint=hint)


def _list(found: dict[str, Any]) -> str:
    from isthmus.cli.screen import table

    if not found["rules"]:
        return "no rule; the section `rules` of the plant file declares them"
    head = ("rule", "state", "holds at", "last fired", "when")
    rows = [
        (
            each["name"],
            "acts" if each["acting"] else f"tells only: {each['why']}",
            ", ".join(each["on"][:3]) + (" ..." if len(each["on"]) > 3 else ""),  # noqa: PLR2004
            _moment(each["last"]) if each["last"] else "",
            each["when"],
        )
        for each in found["rules"]
    ]
    foot = (
        f"{found['done']} actions, {found['refused']} refused, {found['held_back']} held back, "
        f"{found['late']} samples late; the last look took {1e3 * found['seconds']:.0f} ms"
    )
    return f"{table(head, rows)}\n{foot}"


def _show(each: dict[str, Any]) -> str:
    seen = each["seen"]
    tested = "by nobody"
    if seen:
        tested = f"by {seen['by']}: {seen['firings']} firings in {seen['days']:g} days"
        tested += "" if seen["present"] else ", of another text"
    lines = [
        f"{each['name']}: {each['title']}",
        f"  is      {'acting' if each['acting'] else each['why']}",
        f"  at      {', '.join(each['places'])}",
        f"  when    {each['when']}" + (f" for {each['lasting']:g} s" if each["lasting"] else ""),
        *([f"  until   {each['until']}"] if each["until"] else []),
        *(f"  does    {does}" for does in each["does"]),
        *(f"  look    {one['text']}: {one['advice']}" for one in each["concerns"]),
        f"  tested  {tested}",
    ]
    return "\n".join(lines)


def _test(found: dict[str, Any]) -> str:
    from isthmus.cli.chart import bars
    from isthmus.cli.screen import table

    days = (found["end"] - found["start"]) / 86_400e3
    count = found["count"]
    times = "once" if count == 1 else f"{count} times"
    lines = [
        f"{found['rule']} would have fired {times} in {days:.3g} days",
        f"  {bars(found['spread'])}",
        f"  {_moment(found['start'])} to {_moment(found['end'])}, each {found['step']:g} s",
        f"  held {_length(found['held'])} in all, longest quiet {_length(found['quiet'])}",
        f"  {found['unknown']:.1%} of the time without data, {found['samples']} samples",
    ]
    if found["spared"]:
        lines.append(f"  {found['spared']} more came too soon after another")
    lines += [f"  each time it would {text}" for text in found["would"]]
    lines += [f"  note: {text}" for text in found["limits"]]
    rows = [
        (
            *(_moment(each["start"]), each["equipment"]),
            _length((each["end"] - each["start"]) / 1e3) if each["end"] else "until now",
        )
        for each in found["firings"][-SHOWN:]
    ]
    if found["change"]:
        lines += ["", "to have it so, write into the plant file:", found["change"]]
    return "\n".join(lines) + (f"\n\n{table(('from', 'at', 'for'), rows)}" if rows else "")


def _proposals(found: list[dict[str, Any]]) -> str:
    from isthmus.cli.screen import table

    if not found:
        return "no work is proposed"
    head = ("n", "state", "since", "at", "work", "times", "note")
    rows = [
        (
            *(str(each["number"]), each["state"], _moment(each["time"]), each["equipment"]),
            *(each["title"], str(each["times"]), each["note"] or each["text"]),
        )
        for each in found
    ]
    return table(head, rows)


def _length(spell: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if spell >= 2 * size:
            return f"{spell / size:.1f} {unit}"
    return f"{spell:.0f} s"


def _moment(milliseconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(milliseconds / 1_000))
