"""What happens to a batch before it is kept: scale, check, and leave out what did not move.

All state is one flat array a quantity, indexed by the tag's place in its link; no row is ever an
object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from isthmus.model.ports import Address, Binding
from isthmus.model.sample import Batch, Bools, Floats, Int32s, Int64s, Nanoseconds, Status, Uint32s

HEARTBEAT = 60 * 10**9
AHEAD = 3_600 * 10**9
BEHIND = 24 * AHEAD
OLDEST = 946_684_800 * 10**9  # 2000: a device that says less has lost its clock
UNCERTAIN = int(Status.UNCERTAIN)  # NumPy compares with an enumeration five times as slowly


@dataclass(slots=True)
class Transform:
    """Turns a link's raw batches into what is kept.

    - raw codes become legend codes by the address's `map`; then `value * scale + offset`;
    - NaN with good quality becomes BadSensorFailure: nobody can use it; infinity becomes NaN;
    - a value outside the instrument's range keeps its value and becomes uncertain;
    - a device time more than an hour ahead, or before the year 2000, becomes the time of receipt,
      uncertain;
    - a device time more than a day behind is believed, for it may be a back-fill, and counted;
    - a row is left out while its value stays within the deadband of the last kept one, its quality
      the same, and the last kept one is younger than `heartbeat` (ns). Late rows are all kept.
    """

    size: int
    places: Int32s  # of each tag id in this link; -1 where it is another link's
    heartbeat: int = HEARTBEAT
    counts: dict[str, int] = field(default_factory=dict)
    _scale: Floats = field(init=False)
    _offset: Floats = field(init=False)
    _low: Floats = field(init=False)
    _high: Floats = field(init=False)
    _deadband: Floats = field(init=False)
    _value: Floats = field(init=False)
    _time: Int64s = field(init=False)
    _quality: Uint32s = field(init=False)
    _ids: Int64s = field(init=False)
    _codes: dict[int, tuple[Floats, Floats]] = field(default_factory=dict)
    _scaled: bool = False
    _ranged: bool = False

    def __post_init__(self) -> None:
        size = self.size
        self._scale, self._offset = np.ones(size), np.zeros(size)
        self._low, self._high = np.full(size, -np.inf), np.full(size, np.inf)
        self._deadband = np.zeros(size)
        self._value = np.full(size, np.nan)
        self._time = np.zeros(size, np.int64)
        self._quality = np.full(size, Status.BAD_WAITING_FOR_INITIAL_DATA, np.uint32)
        self._ids = np.arange(size)

    @classmethod
    def of(cls, bindings: Sequence[Binding[Address]], size: int) -> Transform:
        """The transform that the plant file asks for; `size` is the number of all tags."""
        places = np.full(size, -1, np.int32)
        places[[binding.id for binding in bindings]] = np.arange(len(bindings), dtype=np.int32)
        made = cls(len(bindings), places)
        for at, binding in enumerate(bindings):
            tag, address = binding.tag, binding.address
            made._scale[at], made._offset[at] = address.scale, address.offset
            made._scaled |= address.scale != 1.0 or address.offset != 0.0
            made._deadband[at] = tag.deadband
            if tag.range:
                made._low[at], made._high[at] = tag.range
                made._ranged = True
            if address.map:
                made._codes[at] = _codes(address.map, tag.legend)
        return made

    def __call__(self, batch: Batch, now: Nanoseconds) -> Batch:
        """The rows to keep, in their order, values in the tags' units."""
        if not len(batch):
            return batch
        shaped = self.shape(batch, now)
        news = self.news(shaped)
        return shaped if news.all() else shaped.where(news)

    def shape(self, batch: Batch, now: Nanoseconds) -> Batch:
        """The same rows with values in the tags' units and qualities that say what is wrong."""
        tag, time, value, quality = batch.tag, batch.time, batch.value, batch.quality
        at = self._at(tag)
        if self._codes:
            value, quality = self._coded(self.places[tag], value, quality)
        if self._scaled:
            value = value * self._scale[at] + self._offset[at]
        finite = np.isfinite(value)
        if not finite.all():
            lost = ~finite & (quality < UNCERTAIN)
            if lost.any():
                quality = np.where(lost, np.uint32(Status.BAD_SENSOR_FAILURE), quality)
                self._count("not-a-number", lost)
            value = np.where(finite, value, np.nan)
        if self._ranged:
            outside = (value < self._low[at]) | (value > self._high[at])
            if outside.any() and (outside := outside & (quality < UNCERTAIN)).any():
                code = np.uint32(Status.UNCERTAIN_ENGINEERING_UNITS_EXCEEDED)
                quality = np.where(outside, code, quality)
                self._count("outside-range", outside)
        shaped, astray = dated(Batch(tag, time, value, quality), now)
        if astray:
            self.counts["clock-astray"] = self.counts.get("clock-astray", 0) + astray
        if len(batch) and shaped.time.min() < now - BEHIND:
            self._count("clock-behind", shaped.time < now - BEHIND)
        return shaped

    def forget(self) -> None:
        """Keep the next row of every tag, whatever its value: after an outage, for one."""
        self._quality[:] = Status.BAD_WAITING_FOR_INITIAL_DATA
        self._value[:] = np.nan

    def news(self, batch: Batch) -> Bools:
        """Which rows of a shaped batch are to be kept; remembers those as the last kept."""
        at = self._at(batch.tag)
        if isinstance(at, slice) or (at[1:] > at[:-1]).all():  # no tag twice
            return self._told(at, batch.time, batch.value, batch.quality)
        keep = np.zeros(len(batch), np.bool_)
        for rows in _turns(at):
            keep[rows] = self._told(
                at[rows], batch.time[rows], batch.value[rows], batch.quality[rows]
            )
        return keep

    def _at(self, tag: Int32s) -> slice | Int64s:
        """Where the state of each row is: a slice where ids follow each other, as in most polls."""
        size = len(tag)
        at = self.places[tag]
        first = int(at[0]) if size else 0
        if not size or (at[-1] - first == size - 1 and (at == self._ids[first:][:size]).all()):
            return slice(first, first + size)
        return at.astype(np.int64)

    def _told(self, at: slice | Int64s, time: Int64s, value: Floats, quality: Uint32s) -> Bools:
        """Which rows, all of different tags, are news; remembers those."""
        before = self._value[at]
        with np.errstate(invalid="ignore"):  # infinity minus infinity: not near, so news
            same = np.abs(value - before) <= self._deadband[at]
        same |= np.isnan(value) & np.isnan(before)
        same &= quality == self._quality[at]
        since = time - self._time[at]
        same &= since < self.heartbeat
        late = since < 0  # kept always, and never remembered as the last
        news: Bools = ~same
        if late.any():
            news |= late
            fresh = news & ~late
        else:
            fresh = news
        if not fresh.all():
            at = self._ids[at][fresh]
            time, value, quality = time[fresh], value[fresh], quality[fresh]
        self._value[at], self._time[at], self._quality[at] = value, time, quality
        return news

    def _coded(self, tag: np.ndarray, value: Floats, quality: Uint32s) -> tuple[Floats, Uint32s]:
        value, quality = value.copy(), quality.copy()
        for at, (raw, code) in self._codes.items():
            rows = np.flatnonzero(tag == at)
            if not len(rows):
                continue
            place = np.minimum(np.searchsorted(raw, value[rows]), len(raw) - 1)
            known = raw[place] == value[rows]
            value[rows] = np.where(known, code[place], value[rows])
            strange = rows[~known & (quality[rows] < UNCERTAIN)]
            quality[strange] = Status.BAD_OUT_OF_RANGE
            if len(strange):
                self.counts["unknown-code"] = self.counts.get("unknown-code", 0) + len(strange)
        return value, quality

    def _count(self, kind: str, rows: Bools) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + int(rows.sum())


def dated(batch: Batch, now: Nanoseconds) -> tuple[Batch, int]:
    """The batch with `now` in place of times that cannot be true, uncertain, and how many."""
    time, quality = batch.time, batch.quality
    if not len(time) or (time.max() <= now + AHEAD and time.min() >= OLDEST):
        return batch, 0
    astray = (time > now + AHEAD) | (time < OLDEST)
    doubt = astray & (quality < UNCERTAIN)
    quality = np.where(doubt, np.uint32(Status.UNCERTAIN), quality)
    return Batch(batch.tag, np.where(astray, now, time), batch.value, quality), int(astray.sum())


def _turns(at: Int64s) -> Iterator[Int64s]:
    """The rows in turns that hold no tag twice, each tag's rows in their order."""
    order = np.argsort(at, kind="stable")
    begin = np.flatnonzero(np.append(True, np.diff(at[order]) != 0))
    turn = np.empty(len(at), np.int64)
    turn[order] = np.arange(len(at)) - np.repeat(begin, np.diff(np.append(begin, len(at))))
    yield from np.split(np.argsort(turn, kind="stable"), np.cumsum(np.bincount(turn))[:-1])


def _codes(raw: Mapping[int, str], legend: Mapping[int, str]) -> tuple[Floats, Floats]:
    """Sorted raw codes and the legend's code of each."""
    words = {word: code for code, word in legend.items()}
    pairs = sorted((float(code), float(words.get(word, code))) for code, word in raw.items())
    return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
