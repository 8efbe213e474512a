"""See values of the running site as they change, a line each, until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from isthmus.cli.remote import Remote, data_argument, data_folder

EXAMPLE = """examples:
  isthmus watch "packaging/line1/*/power"
  isthmus watch packaging/line1/filler --json --for 10
"""
MOST = 500


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("pattern", nargs="?", default="**", help="tag pattern; * and ** work")
    parser.add_argument("--for", dest="seconds", type=float, help="stop after so many seconds")
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from isthmus.cli.select import selected
    from isthmus.model.sample import Status

    site = Remote.of(data_folder(args.data))
    tags = {tag["id"]: tag for tag in selected(site.get("/api/plant"), args.pattern)}
    until = time.monotonic() + args.seconds if args.seconds else float("inf")
    wanted = ",".join(map(str, list(tags)[:MOST]))
    if len(tags) > MOST:
        print(f"hint: {MOST} of {len(tags)} tags are watched; name fewer", file=sys.stderr)
    for name, body in site.listen("/api/live", tags=wanted):
        if name == "values":
            for line in _lines(body, tags, json_wanted=args.json, word=Status.word):
                print(line, flush=True)
        if time.monotonic() > until:
            break
    return 0


def _lines(body: Any, tags: dict[int, Any], *, json_wanted: bool, word: Any) -> list[str]:  # noqa: ANN401
    lines = []
    columns = zip(body["tag"], body["time"], body["value"], body["quality"], strict=True)
    for number, at, value, quality in columns:
        tag = tags[number]
        shown = body["text"].get(str(number), _shown(tag, value))
        if json_wanted:
            row = {"time": at, "tag": tag["path"], "value": value, "unit": tag["unit"]}
            lines.append(json.dumps({**row, "shown": shown, "quality": word(quality)}))
            continue
        clock = time.strftime("%H:%M:%S", time.localtime(at / 1000)) if at else "--:--:--"
        good = "" if quality < UNCERTAIN else f"  {word(quality)}"
        lines.append(f"{clock}  {tag['path']:<44} {shown:>14} {tag['unit']}{good}".rstrip())
    return lines


UNCERTAIN = 0x4000_0000


def _shown(tag: Any, value: float | None) -> str:  # noqa: ANN401
    if value is None:
        return "-"
    legend = tag["legend"].get(str(int(value))) if tag["legend"] else None
    return legend or f"{value:.6g}"
