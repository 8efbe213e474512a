"""How `isthmus cert` shows what it found."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isthmus.model.plant import Plant
    from isthmus.runtime.trust.pending import Waiting
    from isthmus.runtime.trust.seen import Seen
    from isthmus.trust.pki.register import Issued


def said(args: argparse.Namespace, told: Mapping[str, object], text: str) -> int:
    """One answer, for machines or for people."""
    print(json.dumps(told) if args.json else text)
    return 0


def issued(args: argparse.Namespace, rows: Sequence[Issued], breaks: Callable[[str], str]) -> int:
    """What the authority issued; of `show` also hosts and the whole SHA-256."""
    if args.json:
        print(json.dumps([{**asdict(one), "due": one.due} for one in rows], default=_text))
        return 0
    for one in rows:
        why = f" ({one.reason})" if one.reason else ""
        line = f"{one.name:24} {one.use:8} {one.state + why:24} until {one.ends:%Y-%m-%d}"
        print(f"{line}  {one.sha256[:23]}...")
        if args.what == "show":
            print(f"  number  {one.serial}\n  SHA-256 {one.sha256}")
            print(f"  hosts   {', '.join(one.hosts) or 'none'}")
            print(f"  from {one.begins:%Y-%m-%d}, renewed from {one.due:%Y-%m-%d} on")
            print(f"  carries {breaks(one.name)}")
    return 0


def seen(args: argparse.Namespace, rows: Sequence[Seen]) -> int:
    """What lies in the plant's folders and was shown on wires, soonest end first."""
    if args.json:
        print(json.dumps([asdict(one) for one in rows], default=_text))
        return 0
    now = datetime.now(UTC)
    for one in rows:
        left = (one.ends - now).days
        print(f"{one.ends:%Y-%m-%d} {left:6} d  {one.standing:10} {one.place}: {one.name}")
        if args.what == "inventory":
            print(f"{'':22}SHA-256 {one.sha256}, number {one.serial}")
            if one.first and one.last:
                when = f"first {one.first:%Y-%m-%d %H:%M}, last {one.last:%Y-%m-%d %H:%M}"
                print(f"{'':22}shown at {one.where}, {when} UTC")
        for weak in one.weak:
            print(f"{'':22}weak: {weak}")
        if one.breaks:
            print(f"{'':22}breaks {one.breaks}")
        if one.renews:
            print(f"{'':22}renewed by itself{'; ' + one.do if one.do else ''}")
        elif one.do:
            print(f"{'':22}{one.do}")
    if not rows:
        print("nothing ends in that time")
    return 0


def waiting(args: argparse.Namespace, rows: Sequence[Waiting], plant: Plant | None) -> int:
    """Certificates of devices that nobody has judged."""
    known = plant.connections if plant else {}
    told = [
        {
            "link": one.link,
            "endpoint": known[one.link].config.endpoint if one.link in known else "",
            "sha256": one.sha256,
            "subject": one.certificate.subject.rfc4514_string(),
            "ends": one.certificate.not_valid_after_utc,
            "since": one.since,
        }
        for one in rows
    ]
    if args.json:
        print(json.dumps(told, default=_text))
        return 0
    for row in told:
        print(f"{row['link']} {row['endpoint']}\n  {row['subject']}\n  SHA-256 {row['sha256']}")
    if rows:
        print("compare each with the one that the device shows, then:")
        print(f"  isthmus cert trust approve {rows[0].sha256} --link {rows[0].link}")
    else:
        print("no certificate waits")
    return 0


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
