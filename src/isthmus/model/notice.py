"""What people are told: a notice, and the port through which any part of the plant tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from isthmus.model.sample import Nanoseconds

LARGEST = 10 << 20  # bytes of all attachments of a notice


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along where a channel can carry files; `media` is its media type."""

    name: str
    media: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that people are to know: told once for each `key`, whoever tells it how often.

    `kind` is `alarm`, `rule`, `report`, `test` or another word that routes can name; `about` a path
    of the plant. `priority` is 1 (urgent) to 4, as of alarms. `at` is when it happened, on the
    plant's clock. `link` leads to it on the pages, below their address: `/alarms`.
    """

    key: str
    kind: str
    title: str
    text: str
    at: Nanoseconds
    about: str = ""
    priority: int = 3
    link: str = ""
    attachments: tuple[Attachment, ...] = ()


class Teller(Protocol):
    """Takes notices and sees to it that people get them."""

    def tell(self, notice: Notice, to: tuple[str, ...] = ()) -> None:
        """Have it told to `to`: people, rotas, teams, channels; empty: as the routes say.

        Returns at once, from any thread, and never raises: what cannot be taken is counted.
        """
        ...
