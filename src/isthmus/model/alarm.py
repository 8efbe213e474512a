"""What an alarm is (ISA-18.2, IEC 62682): a condition that needs an operator to act in time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from isthmus.model.condition.condition import Condition


class Priority(IntEnum):
    """How soon to act; the marker of a page shows the number."""

    URGENT = 1
    HIGH = 2
    LOW = 3
    DIAGNOSTIC = 4

    @property
    def word(self) -> str:
        """The word that plant files and pages use."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class AlarmDefinition:
    """One alarm of one piece of equipment; delays and times in seconds.

    `unless` suppresses it by design. `response` is the time that the operator has. Of a `group`
    the one that came first is told. It can be shelved for `shelve` at the longest, 0 is never.
    """

    name: str
    when: Condition
    priority: Priority = Priority.LOW
    unless: Condition | None = None
    on_delay: float = 0.0
    off_delay: float = 0.0
    advice: str = ""
    consequence: str = ""
    response: float | None = None
    latching: bool = False
    group: str = ""
    shelve: float = 8 * 3600.0
    title: str = ""
