"""Messages to people: which ways there are, who is on call, what was sent, a test.

Needs a running site.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from isthmus.cli import plant_clock
from isthmus.cli.remote import Remote, data_argument, data_folder

EXAMPLE = """examples:
  isthmus notify list
  isthmus notify test maintenance
  isthmus notify on-call
  isthmus notify on-call --at "2026-12-24 22:00"
  isthmus notify log --state failed
"""
PATIENCE = 20.0  # seconds for a test to arrive
EXIT_TROUBLE = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    steps = parser.add_subparsers(dest="what", required=True)
    listed = steps.add_parser("list", help="channels and how they do, rotas, open escalations")
    test = steps.add_parser("test", help="tell somebody that this is a test, and wait for it")
    test.add_argument("to", nargs="+", metavar="NAME", help="people, rotas, teams, channels")
    on_call = steps.add_parser("on-call", help="who is on call, and who after them")
    on_call.add_argument("--at", default="", help='when, of the plant: "2026-12-24 22:00"')
    log = steps.add_parser("log", help="what was told to whom, and what became of it")
    log.add_argument("--state", default="", help="waiting, sent, failed, gathered, dropped")
    log.add_argument("--about", default="", help="at or below this path")
    log.add_argument("--limit", type=int, default=50, help="how many at most (50)")
    for part in (listed, test, on_call, log):
        data_argument(part)
        part.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    site = Remote.of(data_folder(args.data))
    if args.what == "test":
        return _test(site, args)
    if args.what == "list":
        found: Any = site.get("/api/notify")
        text = _list(found)
    elif args.what == "on-call":
        found = site.get("/api/notify/on-call", **plant_clock.asked(site, args.at))
        text = "\n".join(_rotas(found)) or "the plant file has no rota"
    else:
        asked = {"state": args.state, "about": args.about, "limit": args.limit}
        found = site.get("/api/notify/log", **{key: word for key, word in asked.items() if word})
        text = _log(found)
    print(json.dumps(found) if args.json else text)
    return 0


def _test(site: Remote, args: argparse.Namespace) -> int:
    """Send a test, wait until it is known what became of each message."""
    made = site.send("/api/notify/test", json.dumps({"to": args.to}).encode())
    ids, end = {each["id"] for each in made}, time.monotonic() + PATIENCE
    while True:
        log = site.get("/api/notify/log", limit=1000)
        found = [each for each in log if each["id"] in ids]
        if time.monotonic() > end or all(each["state"] != "waiting" for each in found):
            break
        time.sleep(0.3)
    print(json.dumps(found) if args.json else _log(found))
    return 0 if all(each["state"] == "sent" for each in found) else EXIT_TROUBLE


def _list(found: dict[str, Any]) -> str:
    from isthmus.cli.screen import table

    if not found["channels"]:
        return "nobody is told: the plant file has no `notify: {channels}`"
    head = ("channel", "kind", "where", "state", "sent", "failed", "waiting", "trouble")
    rows = [
        (
            *(each["name"], each["kind"], each["where"], each["state"], str(each["sent"])),
            *(str(each["failed"]), str(each["waiting"])),
            each["trouble"] + (f" ({each['hint']})" if each["hint"] else ""),
        )
        for each in found["channels"]
    ]
    lines = [table(head, rows)]
    if found["rotas"]:
        lines += ["", *_rotas(found["rotas"])]
    for each in found["escalating"]:
        lines += ["", f"{each['title']} ({each['path']})"]
        after = f"next {_moment(each['next'])} to {', '.join(each['next_to'])}"
        word = after if each["next"] else "everybody was told"
        lines.append(f"  {each['escalation']}: step {each['told']} of {each['steps']}, {word}")
    counts = [f"{found[key]} {key}" for key in ("lost", "nobody", "dropped") if found[key]]
    if counts or found["trouble"]:
        lines += ["", ", ".join([*counts, *([found["trouble"]] if found["trouble"] else [])])]
    return "\n".join(lines)


def _rotas(found: list[dict[str, Any]]) -> list[str]:
    lines = []
    for each in found:
        lines.append(f"{each['title']}: {_duty(each['now'])}")
        lines += [f"  then {_duty(one)}" for one in each["coming"]]
        if each["trouble"]:
            lines.append(f"  its calendar does not count: {each['trouble']}")
    return lines


def _duty(duty: dict[str, Any]) -> str:
    who = ", ".join(duty["who"]) or "nobody"
    why = {"override": ", instead", "calendar": ", by its calendar"}.get(duty["why"], "")
    return f"{who}{why} until {_moment(duty['end'])}"


def _log(found: list[dict[str, Any]]) -> str:
    from isthmus.cli.screen import table

    if not found:
        return "nothing was told"
    head = ("made", "state", "to", "by", "p", "title", "why")
    rows = [
        (
            *(_moment(each["made"]), each["state"], each["to"], each["channel"]),
            *(str(each["priority"]), each["title"], each["why"]),
        )
        for each in found
    ]
    return table(head, rows)


def _moment(milliseconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(milliseconds / 1_000))
