"""What happens to a batch before it is kept: scale, check, and leave out what did not move.

All state is one flat array a quantity, indexed by tag id; no row is ever an object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from isthmus.model.ports import Address, Binding
from isthmus.model.sample import Batch, Bools, Floats, Int64s, Nanoseconds, Status, Uint32s

HEARTBEAT = 60 * 10**9
AHEAD = 3_600 * 10**9


@dataclass(slots=True)
class Transform:
    """Turns a link's raw batches into what is kept.

    - raw codes become legend codes by the address's `map`; then `value * scale + offset`;
    - NaN with good quality becomes BadSensorFailure: nobody can use it;
    - a value outside the instrument's range keeps its value and becomes uncertain;
    - a device time more than an hour ahead, or none at all, becomes the time of receipt, uncertain;
    - a row is left out while its value stays within the deadband of the last kept one, its quality
      the same, and the last kept one is younger than `heartbeat` (ns).
    """

    size: int
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
    _place: Int64s = field(init=False)
    _codes: dict[int, tuple[Floats, Floats]] = field(default_factory=dict)
    _scaled: bool = False

    def __post_init__(self) -> None:
        size = self.size
        self._scale, self._offset = np.ones(size), np.zeros(size)
        self._low, self._high = np.full(size, -np.inf), np.full(size, np.inf)
        self._deadband = np.zeros(size)
        self._value = np.full(size, np.nan)
        self._time = np.zeros(size, np.int64)
        self._quality = np.full(size, Status.BAD_WAITING_FOR_INITIAL_DATA, np.uint32)
        self._place = np.zeros(size, np.int64)

    @classmethod
    def of(cls, bindings: Sequence[Binding[Address]], size: int) -> Transform:
        """The transform that the plant file asks for; `size` is the number of all tags."""
        made = cls(size)
        for binding in bindings:
            tag, address, at = binding.tag, binding.address, binding.id
            made._scale[at], made._offset[at] = address.scale, address.offset
            made._scaled |= address.scale != 1.0 or address.offset != 0.0
            made._deadband[at] = tag.deadband
            if tag.range:
                made._low[at], made._high[at] = tag.range
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
        if self._codes:
            value, quality = self._coded(tag, value, quality)
        if self._scaled:
            value = value * self._scale[tag] + self._offset[tag]
        good = quality < Status.UNCERTAIN
        lost = np.isnan(value) & good
        if lost.any():
            quality = np.where(lost, np.uint32(Status.BAD_SENSOR_FAILURE), quality)
            self._count("not-a-number", lost)
        outside = ((value < self._low[tag]) | (value > self._high[tag])) & good
        if outside.any():
            code = np.uint32(Status.UNCERTAIN_ENGINEERING_UNITS_EXCEEDED)
            quality = np.where(outside, code, quality)
            self._count("outside-range", outside)
        astray = (time > now + AHEAD) | (time <= 0)
        if astray.any():
            time = np.where(astray, now, time)
            doubt = astray & (quality < Status.UNCERTAIN)
            quality = np.where(doubt, np.uint32(Status.UNCERTAIN), quality)
            self._count("clock-astray", astray)
        return Batch(tag, time, value, quality)

    def forget(self) -> None:
        """Keep the next row of every tag, whatever its value: after an outage, for one."""
        self._quality[:] = Status.BAD_WAITING_FOR_INITIAL_DATA
        self._value[:] = np.nan

    def news(self, batch: Batch) -> Bools:
        """Which rows of a shaped batch are to be kept; remembers those as the last kept."""
        keep = np.zeros(len(batch), np.bool_)
        rest = np.arange(len(batch))
        while len(rest):  # one turn a repeat of the most frequent tag; almost always one
            tag = batch.tag[rest]
            self._place[tag[::-1]] = rest[::-1]  # the first row of each tag wins
            first = self._place[tag] == rest
            rows = rest[first]
            keep[rows] = self._told(batch, rows)
            rest = rest[~first]
        return keep

    def _told(self, batch: Batch, rows: Int64s) -> Bools:
        """Which of `rows`, all of different tags, are news; remembers those."""
        tag, time = batch.tag[rows], batch.time[rows]
        value, quality = batch.value[rows], batch.quality[rows]
        with np.errstate(invalid="ignore"):  # infinity minus infinity: not near, so news
            near = np.abs(value - self._value[tag]) <= self._deadband[tag]
        near |= np.isnan(value) & np.isnan(self._value[tag])
        same = near & (quality == self._quality[tag])
        news: Bools = ~same | (np.abs(time - self._time[tag]) >= self.heartbeat)
        kept = tag[news]
        self._value[kept], self._time[kept] = value[news], time[news]
        self._quality[kept] = quality[news]
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
            strange = rows[~known & (quality[rows] < Status.UNCERTAIN)]
            quality[strange] = Status.BAD_OUT_OF_RANGE
            if len(strange):
                self.counts["unknown-code"] = self.counts.get("unknown-code", 0) + len(strange)
        return value, quality

    def _count(self, kind: str, rows: Bools) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + int(rows.sum())


def _codes(raw: Mapping[int, str], legend: Mapping[int, str]) -> tuple[Floats, Floats]:
    """Sorted raw codes and the legend's code of each."""
    words = {word: code for code, word in legend.items()}
    pairs = sorted((float(code), float(words.get(word, code))) for code, word in raw.items())
    return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
