"""A day or more that has been: the samples that the connections would have stored, and events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from isthmus.demo.instruments import Instruments
from isthmus.demo.physics.calendar import Calendar
from isthmus.demo.physics.plant import Plant
from isthmus.demo.signal import PATHS, SIGNALS
from isthmus.demo.text import happened, opening
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds

_SECOND = 1_000_000_000
_ORDERS_A_DAY = 4
_LATEST_ORDER = 1042  # what runs when the plant opens
_PART = 1800  # seconds a part: within one hour of chance, some 30,000 rows
_KEEP_ALIVE = 600  # seconds after which an unchanged value is sampled again

Part = tuple[list[str], Batch, tuple[Event, ...]]


def opened(seed: int, start: Nanoseconds, end: Nanoseconds) -> Plant:
    """The plant at `start` that will run, in the middle of an order, when it is `end`."""
    days = (end - start) / _SECOND / 86_400
    first = _LATEST_ORDER - round(days * _ORDERS_A_DAY)
    calendar = Calendar.around(end // _SECOND)
    return Plant(seed, start // _SECOND, first_order=max(1, first), calendar=calendar)


def history(
    seed: int,
    start: Nanoseconds,
    end: Nanoseconds,
    *,
    state: Path | None = None,
    opens: Nanoseconds | None = None,
) -> Iterator[Part]:
    """What happened from `start` to `end` (ns UTC) in time order, half an hour at a time.

    Each part is the paths, a batch whose tag ids are places in that list, and the events of the
    time. The plant at `end` is written to `state`, from which the live plant goes on. `opens`
    is when it first opened, where weeks are told that were before `start`.
    """
    plant = opened(seed, start, end)
    plant.opening = (opens or 0) // _SECOND
    instruments = Instruments(plant.chance)
    sampler = _Sampler()
    last = end // _SECOND
    events = opening(plant)
    while plant.now < last:
        first = plant.now + 1
        until = min(last, (first // _PART + 1) * _PART - 1)
        rows = []
        for _ in range(until - plant.now):
            plant.step()
            rows.append(plant.row())
            if plant.happenings:
                events += happened(plant)
        shown = instruments.read(np.array(rows), first)
        yield PATHS, sampler.sample(shown, first), tuple(events)
        events = []
    plant.rouse()
    if state is not None:
        save(plant, state)


def save(plant: Plant, state: Path) -> None:
    """Writes `plant` to `state` in one move."""
    state.parent.mkdir(parents=True, exist_ok=True)
    beside = state.with_suffix(".new")
    beside.write_text(json.dumps(plant.dump()))
    beside.replace(state)


class _Sampler:
    """Passes on what a connection would: every so often, and only what moved."""

    def __init__(self) -> None:
        self._last = [float("nan")] * len(PATHS)

    def sample(self, shown: npt.NDArray[np.float64], first: int) -> Batch:
        """The samples among `shown` (seconds from `first` on), in order of time."""
        keep = np.zeros(shown.shape, np.bool_)
        for place, signal in enumerate(SIGNALS.values()):
            begin = (place - first) % signal.every
            column = shown[begin :: signal.every, place]
            if not len(column):
                continue
            beat = _KEEP_ALIVE // signal.every
            kept = _moved(column.tolist(), self._last[place], signal.deadband, beat)
            keep[begin + np.asarray(kept, np.int64) * signal.every, place] = True
            if kept:
                self._last[place] = float(column[kept[-1]])
        second, tag = np.nonzero(keep)
        time = (first + second) * _SECOND
        return Batch.of(tag.astype(np.int32), time.astype(np.int64), shown[second, tag])


def _moved(values: list[float], last: float, deadband: float, beat: int) -> list[int]:
    """Places of the values further than `deadband` from the one kept before, or `beat` later."""
    kept = []
    due = beat
    for place, value in enumerate(values):
        if not -deadband <= value - last <= deadband or place >= due:
            kept.append(place)
            last = value
            due = place + beat
    return kept
