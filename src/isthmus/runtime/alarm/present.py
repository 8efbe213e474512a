"""An alarm of the plant, and how it is now."""

from __future__ import annotations

from dataclasses import dataclass

from isthmus.insight.alarm.state import UNSEEN, State
from isthmus.model.alarm import AlarmDefinition
from isthmus.model.path import join
from isthmus.model.unit import display
from isthmus.runtime.alarm.watch import Reading


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm of the plant: where it is, and what it is."""

    equipment: str
    definition: AlarmDefinition

    @property
    def path(self) -> str:
        """Its own path: its name below its equipment."""
        return join(self.equipment, self.definition.name)

    @property
    def group(self) -> str:
        """The group in which the first is told: that of its line."""
        name = self.definition.group
        return f"{self.equipment.rpartition('/')[0]}:{name}" if name else ""


@dataclass(frozen=True, slots=True)
class Present:
    """An alarm as it is now; times in ns, 0 where there is none."""

    alarm: Alarm
    state: State
    since: int
    raised: int
    active: bool
    judged: bool
    reading: Reading | None
    until: int
    by: str
    reason: str
    first: bool


def urgency(present: Present) -> tuple[int, bool, int]:
    """What comes first in a list: priority, then what nobody has seen, then the newest."""
    return present.alarm.definition.priority, present.state not in UNSEEN, -present.since


def spelt(reading: Reading | None) -> str:
    """A reading as the end of a sentence, empty where there is none."""
    if reading is None:
        return ""
    unit = f" {display(reading.unit)}" if reading.unit else ""
    return f": {reading.value:.4g}{unit}, limit {reading.limit:.4g}{unit}"
