"""Work that is proposed: what is to be done where, what speaks for it, and what people said to it.

A proposal is no order yet: a person accepts or rejects it, and may decide otherwise later. Each
step is a version, and an event of the stream, from which a system that plans maintenance takes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from isthmus.model.errors import Refused
from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds

KIND = "work"  # of the events that tell what became of a proposal
SEVERITY = {"urgent": 700, "high": 500, "low": 300, "diagnostic": 200}


class WorkState(StrEnum):
    """What people made of proposed work."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Decision:
    """One version of a proposal: who said what to it, when (wall time, ns), and why."""

    state: WorkState
    by: str
    time: int
    note: str = ""


@dataclass(slots=True)
class Proposal:
    """Work that is proposed; `times` counts how often while it was open, `last` when lastly.

    `evidence` has what each tag said when it was proposed first.
    """

    number: int
    rule: str
    equipment: str
    title: str
    priority: str
    text: str
    time: int
    evidence: Mapping[str, float | None] = field(default_factory=dict)
    times: int = 1
    last: int = 0
    versions: list[Decision] = field(default_factory=list)

    @property
    def state(self) -> WorkState:
        """What was said last; it is open as long as nothing was."""
        return self.versions[-1].state if self.versions else WorkState.OPEN

    @property
    def id(self) -> str:
        """The proposal as an equal one is known again: the rule, the place and what to do."""
        return f"{self.rule}:{self.equipment}:{self.title}"

    def decide(self, decision: Decision) -> None:
        """One more version; Refused where it says nothing new, or no reason where one is due."""
        before = self.versions[-1] if self.versions else None
        reason = bool(decision.note.strip())
        if before is not None and before.state is decision.state:
            raise Refused(f"proposal {self.number} was {before.state} by {before.by} already")
        if before is not None and not reason:
            hint = "say why it is decided otherwise"
            raise Refused(f"proposal {self.number} was {before.state} by {before.by}", hint=hint)
        if decision.state is WorkState.REJECTED and not reason:
            raise Refused("no reason is given", hint="say why the work is not needed")
        self.versions.append(decision)

    def event(self, time: Nanoseconds, by: str = "", note: str = "") -> Event:
        """What the stream is told of it as it is now."""
        word = "proposed" if self.state is WorkState.OPEN else str(self.state)
        facts: dict[str, str | float | int | bool | None] = {
            "number": f"{self.number}:{len(self.versions)}",
            "proposal": self.number,
            "version": len(self.versions),
            "state": str(self.state),
            "rule": self.rule,
            "title": self.title,
            "priority": self.priority,
            "text": self.text,
            "by": by or f"rule:{self.rule}",
            "note": note,
            **{f"value {path}": value for path, value in list(self.evidence.items())[:10]},
        }
        said = f"work {self.number} {word}: {self.title}"
        return Event(time, self.equipment, KIND, said, SEVERITY.get(self.priority, 300), facts)
