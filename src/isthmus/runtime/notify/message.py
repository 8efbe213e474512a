"""A message to one address, and what became of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from isthmus.model.notice import Notice

LONGEST_TITLE, LONGEST_TEXT = 300, 20_000  # characters


class State(StrEnum):
    """What became of a message."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    GATHERED = "gathered"  # told in the message that tells of a flood
    DROPPED = "dropped"  # the outbox had no room


FINAL = frozenset({State.SENT, State.FAILED, State.GATHERED, State.DROPPED})


class Address(NamedTuple):
    """Where a message goes: the channel, who gets it (empty: the channel itself), their mail."""

    channel: str
    person: str = ""
    mail: str = ""

    def __str__(self) -> str:
        who = self.person or self.mail
        return f"{who} by {self.channel}" if who else self.channel


@dataclass(slots=True)
class Message:
    """One message; times in ns, `at` on the plant's clock, the others on the wall's.

    `id` is the same whenever the same is told to the same address for the same `step`. `due` is
    before when it waits; `not_before`, of this process alone, when it may be tried again. `files`
    are name, media type and digest of what goes along.
    """

    id: str
    address: Address
    key: str
    kind: str
    title: str
    text: str
    at: int
    made: int
    due: int
    about: str = ""
    priority: int = 3
    link: str = ""
    step: str = ""
    files: list[tuple[str, str, str]] = field(default_factory=list)
    state: State = State.WAITING
    tries: int = 0
    not_before: int = 0
    done: int = 0  # when it came into its last state
    why: str = ""  # it waits, or failed

    @classmethod
    def of(
        cls,
        notice: Notice,
        address: Address,
        now: int,
        *,
        due: int = 0,
        step: str = "",
        files: list[tuple[str, str, str]] | None = None,
    ) -> Message:
        """The message that tells `notice` to `address`."""
        words = "\n".join((notice.key, step, *address))
        return cls(
            id=hashlib.sha256(words.encode()).hexdigest()[:32],
            address=address,
            key=notice.key,
            kind=notice.kind,
            title=notice.title[:LONGEST_TITLE],
            text=notice.text[:LONGEST_TEXT],
            at=int(notice.at),
            made=now,
            due=max(due, now),
            about=notice.about,
            priority=notice.priority,
            link=notice.link,
            step=step,
            files=files or [],
        )

    @property
    def urgency(self) -> tuple[int, int]:
        """What is sent first: the most urgent, of equal ones the oldest."""
        return self.priority, self.made
