"""Write a value to a machine, where every guard lets it pass; prints what each of them says.

Needs a running site. What is asked and what becomes of it is in the ledger.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from isthmus.cli.remote import Remote, data_argument, data_folder

EXAMPLE = """examples:
  isthmus write packaging/line1/filler/setpoint 120 --reason "slower for the new caps" --check
  isthmus write packaging/line1/filler/setpoint 120 --reason "slower for the new caps" --permit 7
  isthmus write packaging/line1/filler/setpoint 120 --reason "a drill" --simulate
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("tag", help="path of the tag")
    parser.add_argument("value", help="a number in the tag's unit, or a word of its legend")
    parser.add_argument("--reason", default="", help="why; the ledger keeps it")
    parser.add_argument("--permit", type=int, help="number of the work permit to use")
    parser.add_argument("--check", action="store_true", help="only ask the guards")
    parser.add_argument("--simulate", action="store_true", help="all but the last step")
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 1 where it was not written as wished."""
    wish = {
        "path": args.tag,
        "value": args.value,
        "reason": args.reason,
        "permit": args.permit,
        "simulate": args.simulate,
    }
    route = "/api/writes/preview" if args.check else "/api/writes"
    told = Remote.of(data_folder(args.data)).send(route, json.dumps(wish).encode())
    print(json.dumps(told) if args.json else said(told))
    good = told["state"] in ("written", "simulated") or (args.check and told["allowed"])
    return 0 if good else 1


def said(told: dict[str, Any]) -> str:
    """The verdicts and the outcome, for people."""
    width = max(len(each["name"]) for each in told["verdicts"])
    lines = []
    for each in told["verdicts"]:
        lines.append(f"  {'ok' if each['ok'] else 'NO'}  {each['name']:<{width}}  {each['reason']}")
        if not each["ok"] and each["change"]:
            lines.append(f"      {'':<{width}}  -> {each['change']}")
    before = "?" if told["before"] is None else f"{told['before']:g}"
    step = f"{told['path']}: {before} -> {told['value']:g} {told['unit']}".strip()
    if told["state"] == "written":
        seconds = f"read back {told['after']:g} after {told['seconds'] * 1_000:.0f} ms"
        end = f"written  {step}, {seconds}, record {told['record']}"
    elif told["state"] == "possible":
        end = f"{'would be written' if told['allowed'] else 'would be refused'}  {step}"
    elif told["state"] == "simulated":
        end = f"simulated  {step}: nothing was written, record {told['record']}"
    else:
        end = f"{told['state']}  {step}: {told['text']}, record {told['record']}"
    return "\n".join([*lines, "", end])
