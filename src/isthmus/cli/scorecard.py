"""The scorecard that operations and IT share: goals, and what both sides said and agreed.

Needs a running site.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from isthmus.cli.remote import Remote, data_argument, data_folder

EXAMPLE = """examples:
  isthmus scorecard show
  isthmus scorecard comment "two caps jams from one reel" --goal unplanned_downtime
  isthmus scorecard decision "the bearing waits for a free Saturday"
  isthmus scorecard action "order a spare capping head" --who maintenance --side ot --due 2026-12-01
  isthmus scorecard change 3 --state done
  isthmus scorecard history 3
"""
WORDS = {"more": "at least", "less": "at most", "": ""}


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    steps = parser.add_subparsers(dest="what")
    data_argument(parser)
    parts = [steps.add_parser("show", help="all goals, open actions, the newest notes")]
    for kind, text in (
        ("comment", "say something"),
        ("decision", "write down what was decided"),
        ("action", "write down what is to be done"),
    ):
        part = steps.add_parser(kind, help=text)
        part.add_argument("text", help="what it says")
        part.add_argument("--goal", default="", help="the goal it is about")
        part.add_argument("--line", default="", help="the line it is about, where it is no goal")
        parts.append(part)
        if kind == "action":
            _doing(part, default="")
    change = steps.add_parser("change", help="write a note's next version; the old one stays")
    change.add_argument("number", type=int)
    change.add_argument("--text", help="what it shall say")
    change.add_argument("--state", choices=("open", "done", "dropped"))
    _doing(change, default=None)
    history = steps.add_parser("history", help="all versions of a note")
    history.add_argument("number", type=int)
    for part in [*parts, change, history]:
        part.add_argument(
            "--data", type=Path, default=argparse.SUPPRESS, help="the site's data folder"
        )
        part.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def _doing(part: argparse.ArgumentParser, default: str | None) -> None:
    part.add_argument("--who", default=default, help="who does it")
    part.add_argument("--side", choices=("ot", "it"), default=default, help="of which side")
    part.add_argument("--due", default=default, help="until when: 2026-12-31")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    site = Remote.of(data_folder(args.data))
    what = args.what or "show"
    if what == "show":
        found = site.get("/api/scorecard")
        print(json.dumps(found) if args.json else shown(found))
        return 0
    if what == "history":
        versions = site.get(f"/api/scorecard/notes/{args.number}")
        print(json.dumps(versions) if args.json else "\n".join(map(_version, versions)))
        return 0
    note = _changed(site, args) if what == "change" else _written(site, args, what)
    print(json.dumps(note) if args.json else _version(note))
    return 0


def _written(site: Remote, args: argparse.Namespace, kind: str) -> dict[str, Any]:
    wish = {"kind": kind, "text": args.text, "goal": args.goal, "line": args.line}
    if kind == "action":
        wish |= {"who": args.who, "side": args.side, "due": args.due}
    made: dict[str, Any] = site.send("/api/scorecard/notes", json.dumps(wish).encode())
    return made


def _changed(site: Remote, args: argparse.Namespace) -> dict[str, Any]:
    place = f"/api/scorecard/notes/{args.number}"
    wish: dict[str, Any] = {"version": site.get(place)[-1]["version"]}
    for name in ("text", "state", "who", "side", "due"):
        if getattr(args, name) is not None:
            wish[name] = getattr(args, name)
    changed: dict[str, Any] = site.send(place, json.dumps(wish).encode())
    return changed


def shown(found: dict[str, Any]) -> str:
    """The scorecard for people."""
    from isthmus.cli.screen import table

    rows = [
        (
            goal["title"],
            _number(goal["value"], goal),
            f"{WORDS[goal['better']]} {_number(goal['target'], goal)}".strip()
            if goal["target"] is not None
            else "-",
            _verdict(goal),
            goal["way"] or "-",
            goal["period"],
            f"{goal['gaps_percent']:.1f} %",
            f"{goal['owner_ot'] or '-'}, {goal['owner_it'] or '-'}",
        )
        for goal in found["goals"]
    ]
    head = ("goal", "now", "target", "verdict", "going", "over", "gaps", "owners OT, IT")
    lines = [table(head, rows)]
    if found["trouble"]:
        lines.append(f"it waits: {found['trouble']}")
    actions = [one for one in found["notes"] if one["kind"] == "action" and one["state"] == "open"]
    others = [one for one in found["notes"] if one["kind"] != "action"][:10]
    for title, notes in (("open actions", actions), ("said and decided", others)):
        if notes:
            lines += ["", title, *map(_version, notes)]
    return "\n".join(lines)


def _number(value: float | None, goal: dict[str, Any]) -> str:
    if value is None:
        return "-"
    return f"{value:,.{goal['digits']}f} {goal['unit']}".strip()


def _verdict(goal: dict[str, Any]) -> str:
    if goal["verdict"] in ("behind", "far behind"):
        return f"{goal['verdict']} by {_number(goal['short'], goal)}"
    return str(goal["why"] or goal["verdict"])


def _version(note: dict[str, Any]) -> str:
    when = time.strftime("%Y-%m-%d %H:%MZ", time.gmtime(note["time"] / 1_000))
    told = note["goal"] or note["line"]
    about = f" ({told})" if told else ""
    doing = ""
    if note["kind"] == "action":
        who = " ".join(filter(None, (note["side"].upper(), note["who"]))) or "nobody yet"
        doing = f"; {who}, due {note['due'] or 'some day'}, {note['state']}"
    return (
        f"{note['number']:>4} {note['kind']}{about}: {note['text']}{doing}\n"
        f"     version {note['version']} by {note['by']}, {when}"
    )
