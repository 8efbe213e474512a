"""An alarm that people are being told of, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field

from isthmus.model.notice import Notice
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.notify.message import Address


@dataclass(slots=True)
class Incident:
    """One alarm in one escalation; it is open until somebody has seen the alarm, or it is over.

    `raised` is when the alarm came, on the plant's clock; `begun` when its first step was due, on
    the wall's: people's time goes by that. `told` counts the steps that were told, `to` is to whom.
    """

    path: str
    escalation: str
    raised: int
    begun: int
    title: str
    text: str
    priority: int
    link: str
    told: int = 0
    to: list[Address] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.to = [Address(*each) for each in self.to]  # a file has lists

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.escalation}:{self.path}:{self.raised}"

    @property
    def notice(self) -> Notice:
        """What is told at each of its steps."""
        return Notice(
            f"alarm:{self.path}:{self.raised}",
            *("alarm", self.title, self.text, Nanoseconds(self.raised)),
            about=self.path,
            priority=self.priority,
            link=self.link,
        )
