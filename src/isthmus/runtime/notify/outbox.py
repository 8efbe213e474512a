"""Messages that are not sent yet, on disk: they survive whatever dies, and are bounded.

The file only grows: a line is a message, what became of one, or an incident. It is written anew
when most of it is past. A line that a power cut left unfinished is cut off: nobody relied on it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from isthmus.model.errors import StorageError
from isthmus.model.notice import Attachment
from isthmus.runtime.config.edit import write_whole
from isthmus.runtime.lines import add_line
from isthmus.runtime.notify.incident import Incident
from isthmus.runtime.notify.message import FINAL, Address, Message, State

log = logging.getLogger(__name__)

MOST = 10_000  # messages that wait
REMEMBERED = 5_000  # messages of the past, so that none is told twice, and for people to see
HOUR = 3_600.0
LINES = 20_000  # of the file beyond what is needed, before it is written anew


@dataclass(slots=True)
class Outbox:
    """All messages by id, the incidents by key; safe for several threads."""

    folder: Path
    waiting: dict[str, Message] = field(default_factory=dict)
    past: deque[Message] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    incidents: dict[str, Incident] = field(default_factory=dict)
    dropped: int = 0  # for want of room, since the file was begun
    damaged: int = 0  # lines that could not be read
    _known: set[str] = field(default_factory=set)
    _lines: int = 0
    _guard: threading.RLock = field(default_factory=threading.RLock)

    @property
    def file(self) -> Path:
        """Where it is kept."""
        return self.folder / "outbox.jsonl"

    @classmethod
    def open(cls, folder: Path) -> Outbox:
        """The outbox in `folder`, empty where there is none."""
        made = cls(folder)
        try:
            body = made.file.read_bytes() if made.file.exists() else b""
        except OSError as error:
            hint = "it must be readable by the process that runs the plant"
            raise StorageError(f"reading {made.file}: {error}", hint=hint) from error
        whole = body[: body.rfind(b"\n") + 1]
        for line in whole.splitlines():
            made._lines += 1
            try:
                made._apply(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                made.damaged += 1
                log.warning("reading %s: %s", made.file, error)
        if len(whole) < len(body):
            os.truncate(made.file, len(whole))
        made._tidy()
        return made

    def all(self) -> list[Message]:
        """Every message that is remembered."""
        with self._guard:
            return [*self.past, *self.waiting.values()]

    # ------------------------------------------------------------------ what comes in
    def keep(
        self,
        messages: Iterable[Message] = (),
        incidents: Iterable[Incident] = (),
        over: Iterable[Incident] = (),
    ) -> list[Message]:
        """Keep messages, and incidents that are open or `over`, as one: all of it, or none.

        Gives the messages that are new: what was told before is left out. StorageError where the
        disk does not take it.
        """
        with self._guard:
            fresh = self._fresh(messages)
            opened, ended = list(incidents), [each.key for each in over]
            if not (fresh or opened or ended):
                return []
            self._write(
                {
                    "put": [asdict(each) for each in fresh.values()],
                    "incidents": [asdict(each) for each in opened],
                    "over": ended,
                }
            )
            self._take(fresh.values(), opened, ended)
            self._make_room()
            return list(fresh.values())

    def gather(self, messages: Iterable[Message], digest: Message, now: int) -> None:
        """Keep the one message that tells of all `messages`, which are past: as one, or not."""
        with self._guard:
            told = {
                "put": [asdict(each) for each in self._fresh([digest]).values()],
                "done": [each.id for each in messages],
                "state": State.GATHERED,
                "at": now,
                "why": f"told in {digest.id}",
            }
            self._write(told)
            self._apply(told)

    def _fresh(self, messages: Iterable[Message]) -> dict[str, Message]:
        """Those that were never told, each once: as early as any of its copies is due."""
        found: dict[str, Message] = {}
        for each in messages:
            if each.id not in self._known and (
                each.id not in found or each.due < found[each.id].due
            ):
                found[each.id] = each
        return found

    def mark(self, message: Message, state: State, now: int, why: str = "") -> None:
        """What became of a message."""
        self.mark_all([message], state, now, why)

    def mark_all(self, messages: Iterable[Message], state: State, now: int, why: str = "") -> None:
        """What became of several messages, in one line."""
        with self._guard:
            told = {
                "done": [each.id for each in messages],
                "state": state,
                "at": now,
                "why": why,
            }
            self._write(told)
            self._apply(told)

    def _make_room(self) -> None:
        over = len(self.waiting) - MOST
        if over > 0:
            least = sorted(self.waiting.values(), key=lambda each: (-each.priority, each.made))
            self.mark_all(least[:over], State.DROPPED, least[0].made, "the outbox had no room")

    # ------------------------------------------------------------------ files that go along
    def attach(self, files: Iterable[Attachment]) -> list[tuple[str, str, str]]:
        """Keep what goes along until no message needs it: name, media type and digest of each."""
        kept = []
        for each in files:
            digest = hashlib.sha256(each.body).hexdigest()
            try:
                self._files.mkdir(parents=True, exist_ok=True)
                if not (self._files / digest).exists():
                    write_whole(self._files / digest, each.body)
            except OSError as error:
                raise StorageError(f"keeping {each.name} in {self._files}: {error}") from error
            kept.append((each.name, each.media, digest))
        return kept

    def attached(self, message: Message) -> list[Attachment]:
        """What goes along with a message; a file that is gone is left out."""
        return [
            Attachment(name, media, (self._files / digest).read_bytes())
            for name, media, digest in message.files
            if (self._files / digest).is_file()
        ]

    @property
    def _files(self) -> Path:
        return self.folder / "files"

    def _tidy(self) -> None:
        """Remove files that no message needs; a new one may be on its way to a message."""
        old = time.time() - HOUR
        needed = {digest for each in self.waiting.values() for _, _, digest in each.files}
        for file in self._files.glob("*") if self._files.is_dir() else ():
            with suppress(OSError):
                if file.name not in needed and file.stat().st_mtime < old:
                    file.unlink()

    # ------------------------------------------------------------------ the file
    def _apply(self, told: dict[str, Any]) -> None:
        incidents = [Incident(**each) for each in told.get("incidents", ())]
        self._take(map(_message, told.get("put", ())), incidents, told.get("over", ()))
        for number in told.get("done", ()):
            found = self.waiting.pop(number, None)
            if found is not None:
                found.state, found.done = State(told["state"]), int(told["at"])
                found.why = str(told["why"])
                self.dropped += found.state is State.DROPPED
                self._remember(found)
        self.dropped += int(told.get("dropped", 0))

    def _take(
        self, messages: Iterable[Message], incidents: Iterable[Incident], over: Iterable[str]
    ) -> None:
        for message in messages:
            self._known.add(message.id)
            if message.state in FINAL:
                self._remember(message)
            else:
                self.waiting[message.id] = message
        for each in incidents:
            self.incidents[each.key] = each
        for key in over:
            self.incidents.pop(key, None)

    def _remember(self, message: Message) -> None:
        if len(self.past) == self.past.maxlen:
            self._known.discard(self.past[0].id)
        self.past.append(message)

    def _write(self, told: dict[str, Any]) -> None:
        if self._lines > LINES:
            self._renew()
        add_line(self.file, told, "keeping messages in")
        self._lines += 1

    def _renew(self) -> None:
        """Write the file anew with what is needed: what waits, the newest past, the incidents."""
        every = [*self.past, *self.waiting.values()]
        told = {"put": [asdict(each) for each in every], "dropped": self.dropped}
        told["incidents"] = [asdict(each) for each in self.incidents.values()]
        try:
            write_whole(self.file, json.dumps(told, ensure_ascii=False).encode() + b"\n")
        except OSError as error:
            log.warning("writing %s anew: %s", self.file, error)
            return  # it is longer than it need be
        self._lines = 1
        self._tidy()


def _message(told: dict[str, Any]) -> Message:
    files = [(str(name), str(media), str(digest)) for name, media, digest in told["files"]]
    parsed = {"address": Address(*told["address"]), "state": State(told["state"]), "files": files}
    return Message(**{**told, **parsed})
