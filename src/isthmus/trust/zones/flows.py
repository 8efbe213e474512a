"""Flows that were seen, read from files, and what a policy would have done with them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from isthmus.model.errors import ConfigError
from isthmus.trust.zones.policy import Packet, Policy, Verdict

MOST = 5_000_000  # flows of one file
NUMBERS = {"6": "tcp", "17": "udp", "tcp": "tcp", "udp": "udp"}
COLUMNS = {
    "src": ("src", "source", "saddr", "src_ip", "id.orig_h"),
    "dst": ("dst", "target", "daddr", "dst_ip", "id.resp_h"),
    "proto": ("proto", "protocol"),
    "port": ("port", "dport", "dst_port", "id.resp_p"),
    "time": ("time", "ts", "start"),
}
_PAIR = re.compile(r"\b(src|dst|sport|dport)=(\S+)")
_HINT = "a CSV needs columns src, dst, proto, port; a list of connections is /proc/net/nf_conntrack"


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow that was seen: its first packet, and when, as the file tells it."""

    packet: Packet
    time: str = ""


@dataclass(slots=True)
class Outcome:
    """What a policy does with all flows from one address to one port of another."""

    packet: Packet
    verdict: Verdict
    seen: int = 0
    first: str = ""
    last: str = ""


@dataclass(slots=True)
class Replay:
    """Flows under a policy: how many, and each kind of them once, the most frequent first."""

    flows: int = 0
    allowed: int = 0
    unread: int = 0  # lines that tell of no TCP or UDP flow
    denied: list[Outcome] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)  # ids of conduits that no flow used


def replay(policy: Policy, flows: Iterable[Flow | None]) -> Replay:
    """What `policy` would have done with `flows`; None is a line that told of none."""
    result = Replay()
    found: dict[Packet, Outcome] = {}
    for flow in flows:
        if flow is None:
            result.unread += 1
            continue
        outcome = found.get(flow.packet)
        if outcome is None:
            outcome = Outcome(flow.packet, policy.judge(flow.packet), first=flow.time)
            found[flow.packet] = outcome
        outcome.seen += 1
        outcome.last = flow.time
        result.flows += 1
        result.allowed += outcome.verdict.allowed
    used = {outcome.verdict.conduit for outcome in found.values()}
    result.unused = [way.id for way in policy.ways if way.id not in used]
    denied = [outcome for outcome in found.values() if not outcome.verdict.allowed]
    result.denied = sorted(denied, key=lambda outcome: (-outcome.seen, str(outcome.packet)))
    return result


def read_flows(file: Path) -> Iterator[Flow | None]:
    """The flows of a CSV file or of a list of connections, line by line; ConfigError if neither.

    A line that tells of no TCP or UDP flow is None.
    """
    try:
        with file.open(encoding="utf-8", errors="replace", newline="") as lines:
            head = lines.readline()
            lines.seek(0)
            found = _conntrack(lines) if "src=" in head else _table(lines, file)
            for number, flow in enumerate(found):
                if number >= MOST:
                    raise ConfigError(f"{file} has more than {MOST} flows", hint="divide it")
                yield flow
    except csv.Error as error:
        raise ConfigError(f"reading {file}: {error}", hint=_HINT) from error


def _table(lines: Iterable[str], file: Path) -> Iterator[Flow | None]:
    rows = csv.reader(lines)
    head = [word.strip().lower() for word in next(rows, [])]
    places = {key: _place(head, words) for key, words in COLUMNS.items()}
    missing = [key for key in ("src", "dst", "proto", "port") if places[key] is None]
    if missing:
        raise ConfigError(f"{file} has no column `{missing[0]}`", hint=_HINT)
    for row in rows:
        if row:
            cell = {key: _cell(row, place) for key, place in places.items()}
            yield _flow(cell["src"], cell["dst"], cell["proto"], cell["port"], cell["time"])


def _place(head: Sequence[str], words: Sequence[str]) -> int | None:
    return next((head.index(word) for word in words if word in head), None)


def _cell(row: Sequence[str], place: int | None) -> str:
    return row[place].strip() if place is not None and place < len(row) else ""


def _conntrack(lines: Iterable[str]) -> Iterator[Flow | None]:
    """Lines such as `ipv4 2 tcp 6 431999 ESTABLISHED src=... dst=... sport=... dport=...`."""
    for line in lines:
        pairs: dict[str, str] = {}
        for key, value in _PAIR.findall(line):
            pairs.setdefault(key, value)  # the first of each is of the side that opened it
        word = next((word for word in line.split()[:4] if word in NUMBERS), "")
        yield _flow(pairs.get("src", ""), pairs.get("dst", ""), word, pairs.get("dport", ""), "")


def _flow(source: str, target: str, protocol: str, port: str, time: str) -> Flow | None:
    known = NUMBERS.get(protocol.lower())
    if known is None or not port.isdecimal() or not 0 < int(port[:6]) <= 65_535:  # noqa: PLR2004
        return None
    try:
        return Flow(Packet.of(source, target, known, int(port)), time)
    except ValueError:
        return None
