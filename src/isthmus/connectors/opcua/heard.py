"""Which events of conditions were heard before: a refresh tells them again."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isthmus.connectors.opcua.event import Told

MOST = 10_000  # conditions of which the last event is remembered
SAVE = 1.0  # seconds between two savings


class Heard:
    """The last event of each condition, kept over sessions; a damaged file is begun anew."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._last: dict[str, tuple[str, bool]] = {}  # its id; whether it is active, not retained
        self._saved, self._unsaved = 0.0, False
        with suppress(OSError, ValueError, TypeError, AttributeError):
            found = json.loads(file.read_text("utf-8"))
            self._last = {
                str(name): (str(last), bool(kept)) for name, (last, kept) in found.items()
            }

    def is_new(self, name: str, one: Told) -> bool:
        """Whether this event of `name` was not heard before; it is from now on."""
        key = f"{name} (branch)" if one.branch else name
        heard = one.id.hex() or str(one.time), one.active is True and not one.retain
        if self._last.pop(key, None) == heard:
            self._last[key] = heard
            return False
        self._last[key], self._unsaved = heard, True
        while len(self._last) > MOST:
            self._last.pop(next(iter(self._last)))
        return True

    def is_forgotten(self, name: str) -> bool:
        """Whether the server said last that it is active, and that a refresh will not tell it."""
        return self._last.get(name, ("", False))[1]

    def save(self, *, now: bool = False) -> None:
        """Keep it, once a second at most; a file that cannot be written tells events twice."""
        if not self._unsaved or not (now or time.monotonic() - self._saved > SAVE):
            return
        self._saved, self._unsaved = time.monotonic(), False
        fresh = self.file.with_suffix(".new")
        with suppress(OSError):
            fresh.write_text(json.dumps(self._last), "utf-8")
            fresh.replace(self.file)
