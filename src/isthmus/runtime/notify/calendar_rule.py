"""Recurrences of an iCalendar file (RFC 5545, 3.3.10) that no rota has: some of them never end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod

FOLD = re.compile(rb"(?:\r?\n)+[ \t]")
RULE = re.compile(r"RRULE[;:]", re.IGNORECASE)
OFTEN = ("SECONDLY", "MINUTELY", "HOURLY")
TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND")
MOST_A_DAY = 24


def unfit(body: bytes) -> str:
    """The first rule of a file that is no rota's, with its line; empty where there is none."""
    for number, line in _unfolded(body):
        if RULE.match(line) and (why := _why(line)):
            return f"line {number}: {why}"
    return ""


def _unfolded(body: bytes) -> Iterator[tuple[int, str]]:
    """Whole lines, each with the number of the line at which it begins in the file."""
    number = 1
    marked = FOLD.sub(lambda fold: b"\0" * fold.group().count(b"\n"), body)
    for line in marked.split(b"\n"):
        yield number, line.replace(b"\0", b"").decode("ascii", "replace").strip()
        number += 1 + line.count(b"\0")


def _why(line: str) -> str:
    told = dict(each.partition("=")[::2] for each in line.rpartition(":")[2].upper().split(";"))
    often, step = told.get("FREQ", ""), told.get("INTERVAL", "1")
    if often in OFTEN:
        return f"no rota changes {often.lower()}; its events come back DAILY or less often"
    if not step.isdigit() or not step.strip("0"):
        return f"INTERVAL={step} never comes to a next event"
    times = prod(len(told[each].split(",")) for each in TIMES if each in told)
    if times > MOST_A_DAY:
        return f"no rota changes {times} times a day"
    return ""
