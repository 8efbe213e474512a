"""What the journal of alarms tells of the alarm system itself (ISA-18.2 clause 16, EEMUA 191)."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

SECOND = 10**9
MINUTE = 60 * SECOND
TEN_MINUTES = 600 * SECOND
DAY = 86_400 * SECOND
FLOOD_BEGINS = 10  # more alarms than that in ten minutes
FLOOD_ENDS = 5  # fewer alarms than that in ten minutes
CHATTER = 3  # times within a minute
STANDING = DAY
FEW = 3  # occurrences of which nothing is concluded
ON_DELAYS = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0)  # seconds that may be advised
OFF_DELAYS = (*ON_DELAYS, 120.0, 300.0)
WORTH = 0.5  # share of occurrences that a delay must spare to be advised


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal: which alarm, when, its priority, what became of it."""

    path: str
    time: int
    priority: int
    change: str


@dataclass(frozen=True, slots=True)
class Flood:
    """A time in which more came than anybody can act on."""

    start: int
    end: int
    alarms: int


@dataclass(frozen=True, slots=True)
class Actor:
    """How often one alarm came, of which share of all, and whether it chatters."""

    path: str
    raised: int
    share: float
    chatters: int  # minutes in which it came three times or more


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of one operator's position over a time."""

    start: int
    end: int
    raised: int
    per_ten_minutes: tuple[int, ...]
    mean: float  # in ten minutes
    most: int
    flooded: float  # share of the time
    floods: tuple[Flood, ...]
    actors: tuple[Actor, ...]
    top_ten: float  # share of the ten most frequent
    chattering: int  # alarms that do
    standing: tuple[str, ...]  # active for more than a day
    priorities: Mapping[int, int]


def statistics(
    entries: Sequence[Entry], start: int, end: int, active: Mapping[str, int]
) -> Statistics:
    """The figures of [start, end); `active` is since when each alarm that is active now is."""
    raised = [each for each in entries if each.change == "raised" and start <= each.time < end]
    times = np.sort(np.array([each.time for each in raised], np.int64))
    buckets = max(1, -(-(end - start) // TEN_MINUTES))
    counts = np.bincount((times - start) // TEN_MINUTES, minlength=buckets).tolist()
    floods = tuple(_floods(times, end))
    actors = tuple(_actors(raised))
    dark = sum(flood.end - flood.start for flood in floods)
    return Statistics(
        start,
        end,
        len(raised),
        tuple(counts),
        len(raised) * TEN_MINUTES / (end - start),
        max(counts),
        dark / (end - start),
        floods,
        actors,
        sum(actor.share for actor in actors[:10]),
        sum(actor.chatters > 0 for actor in actors),
        tuple(path for path, since in active.items() if end - since >= STANDING),
        Counter(each.priority for each in raised),
    )


def _floods(times: np.ndarray[tuple[int], np.dtype[np.int64]], end: int) -> Iterable[Flood]:
    """From the first of more than ten in ten minutes until fewer than five are."""
    first, size = 0, len(times)
    begun: int | None = None
    for place in range(size):
        while times[place] - times[first] >= TEN_MINUTES:
            first += 1
        recent = place - first + 1
        if begun is None and recent > FLOOD_BEGINS:
            begun = first
        if begun is None:
            continue
        following = int(times[place + 1]) if place + 1 < size else end
        over = _thinned(times, first, place, following)
        if over is not None:
            yield Flood(int(times[begun]), over, place - begun + 1)
            begun = None
    if begun is not None:
        yield Flood(int(times[begun]), end, size - begun)


def _thinned(
    times: np.ndarray[tuple[int], np.dtype[np.int64]], first: int, last: int, following: int
) -> int | None:
    """When before `following` fewer than five of ten minutes are left, None if never."""
    oldest = max(first, last - FLOOD_ENDS + 1)
    if last - oldest + 1 < FLOOD_ENDS:
        return int(times[last])
    moment = int(times[oldest]) + TEN_MINUTES
    return moment if moment <= following else None


def _actors(raised: Sequence[Entry]) -> Iterable[Actor]:
    by_path: defaultdict[str, list[int]] = defaultdict(list)
    for each in raised:
        by_path[each.path].append(each.time)
    for path, times in sorted(by_path.items(), key=lambda item: (-len(item[1]), item[0])):
        yield Actor(path, len(times), len(times) / len(raised), _chatters(sorted(times)))


def _chatters(times: Sequence[int]) -> int:
    """In how many minutes, none of which overlap, it came three times; a minute begins anywhere."""
    count = place = 0
    while place + CHATTER <= len(times):
        until = times[place] + MINUTE
        if times[place + CHATTER - 1] > until:
            place += 1
            continue
        count += 1
        place = bisect_right(times, until)
    return count


@dataclass(frozen=True, slots=True)
class Advice:
    """What the past of one alarm says of how it is set."""

    path: str
    raised: int
    acknowledged: int
    unattended: int  # it was over before anybody had seen it
    median: float | None  # seconds for which it lasted
    on_delay: float | None  # seconds more that would have spared `on_spares` of `raised`
    on_spares: int
    off_delay: float | None
    off_spares: int
    chatters: int
    text: str


def advice(
    entries: Sequence[Entry], delays: Mapping[str, tuple[float, float]] | None = None
) -> list[Advice]:
    """What can be said of each alarm, the most frequent first.

    `delays` are the on-delay and off-delay that each has already, in seconds.
    """
    by_path: defaultdict[str, list[Entry]] = defaultdict(list)
    for each in sorted(entries, key=lambda entry: entry.time):
        by_path[each.path].append(each)
    had = delays or {}
    found = [_advice(path, own, had.get(path, (0.0, 0.0))) for path, own in by_path.items()]
    return sorted((each for each in found if each.raised), key=lambda one: (-one.raised, one.path))


def _advice(path: str, own: Sequence[Entry], delays: tuple[float, float]) -> Advice:
    lasted, gaps, unattended, seen = _spells(own)
    raised = sum(each.change == "raised" for each in own)
    on, off = delays  # it was told over `off` after it was, and told anew `on` after it was
    on_delay, on_spares = _shortest([each - off for each in lasted], ON_DELAYS, raised)
    off_delay, off_spares = _shortest([each - on for each in gaps], OFF_DELAYS, raised)
    actors = list(_actors([each for each in own if each.change == "raised"]))
    chatters = actors[0].chatters if actors else 0
    text = _words(raised, seen, unattended, (on_delay, on_spares), (off_delay, off_spares))
    return Advice(
        path,
        raised,
        seen,
        unattended,
        float(np.median(lasted)) if lasted else None,
        on_delay,
        on_spares,
        off_delay,
        off_spares,
        chatters,
        text,
    )


def _spells(own: Sequence[Entry]) -> tuple[list[float], list[float], int, int]:
    """How long it lasted each time, the seconds between, and whether somebody had seen it."""
    lasted: list[float] = []
    gaps: list[float] = []
    unattended = seen = 0
    raised = returned = 0
    noticed = False
    for each in own:
        if each.change == "raised":
            if returned:
                gaps.append((each.time - returned) / SECOND)
            raised, returned, noticed = each.time, 0, False
        elif each.change == "acknowledged":
            seen, noticed = seen + 1, True
        elif each.change == "returned" and raised:
            lasted.append((each.time - raised) / SECOND)
            unattended += not noticed
            raised, returned = 0, each.time
        elif each.change not in ("returned", "reset"):
            raised = returned = 0  # set aside: what lies between says nothing
    return lasted, gaps, unattended, seen


def _shortest(spells: Sequence[float], steps: Sequence[float], of: int) -> tuple[float | None, int]:
    """The shortest usual time that spares at least half of `of`, and how many it spares."""
    if of < FEW:
        return None, 0
    for step in steps:
        spared = sum(spell < step for spell in spells)
        if spared >= WORTH * of:
            return step, spared
    return None, 0


def _words(
    raised: int,
    seen: int,
    unattended: int,
    on: tuple[float | None, int],
    off: tuple[float | None, int],
) -> str:
    said = []
    if on[0] is not None:
        said.append(f"with {on[0]:g} s more delay {on[1]} of {raised} would not have come")
    if off[0] is not None and (on[0] is None or off[1] > on[1]):
        said.append(
            f"with {off[0]:g} s more off-delay or a deadband {off[1]} of {raised} "
            "would have been one with that before"
        )
    if raised >= FEW and not seen:
        said.append("nobody ever acknowledged it: does it need an operator?")
    elif raised >= FEW and unattended > WORTH * raised:
        said.append(f"{unattended} of {raised} were over before anybody saw them")
    return "; ".join(said)
