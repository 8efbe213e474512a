"""A message as people and programs read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from isthmus.model.alarm import Priority
from isthmus.model.notice import Attachment
from isthmus.runtime.notify.message import Message

LATE = 120  # seconds after which a message says how late it is
WORDS = {Priority.URGENT: "Urgent", Priority.HIGH: "High", Priority.LOW: "Low"}


@dataclass(frozen=True, slots=True)
class Letter:
    """What a channel sends: `lines` are for people, `fields` the same for programs."""

    id: str
    subject: str
    lines: tuple[str, ...]
    link: str
    priority: int
    fields: dict[str, object]
    to: str  # a mail address, or a person's name, or empty
    files: Sequence[Attachment] = ()

    @property
    def body(self) -> str:
        """The text of a mail."""
        return "\n".join((*self.lines, *((("", self.link)) if self.link else ()))) + "\n"


def letter(
    message: Message,
    *,
    site: str,
    pages: str,
    zone: ZoneInfo,
    now: int,
    files: Sequence[Attachment] = (),
) -> Letter:
    """What is sent of `message` at `now` (ns of the wall) from the plant `site`."""
    link = f"{pages}{message.link}" if message.link and pages else message.link
    when = datetime.fromtimestamp(message.at / 1e9, zone)
    word = WORDS.get(Priority(message.priority), "") if message.kind == "alarm" else ""
    subject = f"{word}: {message.title}" if word else message.title
    lines = [f"{when:%Y-%m-%d %H:%M:%S %Z}, {site}"]
    if message.about:
        lines.append(message.about)
    lines += ["", *message.text.splitlines()]
    late = (now - max(message.made, message.due)) // 10**9
    if late > LATE:
        lines += ["", f"This message is {_length(late)} late: {message.why or 'it had to wait'}."]
    if message.step:
        lines += ["", message.step]
    fields: dict[str, object] = {
        "id": message.id,
        "key": message.key,
        "kind": message.kind,
        "site": site,
        "about": message.about,
        "priority": message.priority,
        "title": message.title,
        "text": message.text,
        "time": datetime.fromtimestamp(message.at / 1e9, ZoneInfo("UTC")).isoformat(),
        "link": link,
        "to": message.address.person,
        "step": message.step,
    }
    to = message.address.mail or message.address.person
    return Letter(
        message.id, subject[:200], tuple(lines), link, message.priority, fields, to, tuple(files)
    )


def _length(seconds: float) -> str:
    if seconds < 2 * 3_600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h"
