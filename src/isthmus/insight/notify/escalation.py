"""Which steps of an escalation are due: a function of time, so that a restart changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from isthmus.insight.alarm.machine import Change
from isthmus.model.plantfile_notify import EscalationEntry

SECOND = 10**9
ENDS = frozenset({Change.ACKNOWLEDGED, Change.SHELVED, Change.SUPPRESSED, Change.REMOVED})
"""What always ends an escalation: somebody has seen it, or it is set aside."""


@dataclass(frozen=True, slots=True)
class Due:
    """One step in one round; `number` counts all steps from 0 and is never told twice."""

    number: int
    round: int
    step: int
    at: int  # ns


def due(escalation: EscalationEntry, begun: int, told: int, now: int) -> list[Due]:
    """The steps that are due at `now` of an escalation that began at `begun`, after `told` ones."""
    size = len(escalation.steps)
    found = []
    for number in range(told, size * (escalation.repeat + 1)):
        each = moment(escalation, begun, number)
        if each.at > now:
            break
        found.append(each)
    return found


def moment(escalation: EscalationEntry, begun: int, number: int) -> Due:
    """When step `number` of an escalation that began at `begun` is due."""
    round_, step = divmod(number, len(escalation.steps))
    last = escalation.steps[-1].after
    start = begun + round_ * round((last + escalation.every) * SECOND)
    return Due(number, round_, step, start + round(escalation.steps[step].after * SECOND))


def over(escalation: EscalationEntry, told: int) -> bool:
    """Whether all its steps have been told."""
    return told >= len(escalation.steps) * (escalation.repeat + 1)


def ends(escalation: EscalationEntry, change: Change) -> bool:
    """Whether it stops when this becomes of its alarm."""
    if change is Change.RETURNED:
        return escalation.on_return == "stop"
    return change in ENDS
