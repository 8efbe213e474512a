"""The plant as it runs: physics that follows the pace, and what its instruments show now."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import numpy as np

from isthmus.demo.history import opened
from isthmus.demo.instruments import Instruments
from isthmus.demo.moment import Moment
from isthmus.demo.physics.calendar import Calendar
from isthmus.demo.physics.plant import Plant
from isthmus.demo.text import texts
from isthmus.model.clock import Pace
from isthmus.model.sample import Nanoseconds

_SECOND = 1_000_000_000
_WARM_UP = 1200  # seconds that a plant without a past has run when it opens
_OLDEST = 7 * 86_400  # seconds of an absence that are caught up
_SLICE = 400  # steps, about 20 ms, after which servers get their turn


class Live:
    """A plant that is as late as its pace says; `moment` is the latest second."""

    def __init__(self, plant: Plant, pace: Pace) -> None:
        self.plant, self.pace = plant, pace
        self._instruments = Instruments(plant.chance)
        self._texts = texts(plant)
        self.moment = self._look()

    async def follow(self, wall: int) -> None:
        """Takes the plant to where it is when the wall clock shows `wall` (ns UTC)."""
        plant = self.plant
        until = self.pace.at(wall) // _SECOND
        while plant.now < until:
            for _ in range(min(until - plant.now, _SLICE)):
                plant.step()
            if plant.happenings:
                plant.happenings.clear()
                self._texts = texts(plant)
            self.moment = self._look()
            await asyncio.sleep(0)

    def wish(self, speed: float) -> None:
        """Somebody wrote the speed of the line; its instruments show it at once."""
        self.plant.set_speed(speed)
        self.moment = self._look()

    def _look(self) -> Moment:
        plant = self.plant
        shown = self._instruments.read(np.array([plant.row()]), plant.now)
        return Moment(Nanoseconds(plant.now * _SECOND), shown[0].tolist(), self._texts)


def plant_at(now: Nanoseconds, seed: int, state: Path | None) -> Plant:
    """The plant that `state` saved, or one without a past; it still has to catch up to `now`."""
    if state is not None and state.is_file():
        try:
            plant = Plant.load(json.loads(state.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            sys.stderr.write(f"reading {state}: {error!r}; the plant begins anew\n")
        else:
            absent = now // _SECOND - plant.now
            if -60 <= absent <= _OLDEST:
                if plant.calendar.duty(now // _SECOND):  # it opens again, in what was a break
                    plant.calendar = Calendar.around(now // _SECOND)
                return plant
            sys.stderr.write(f"{state} is {absent} s from now; the plant begins anew\n")
    return opened(seed, Nanoseconds(now - _WARM_UP * _SECOND), now)
