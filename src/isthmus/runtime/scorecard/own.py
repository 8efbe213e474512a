"""Elements of the closed shifts of a line, for goals that are key figures of the plant's own."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from isthmus.model.plant import Equipment
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.figures.key_figures import elements_of
from isthmus.runtime.figures.read import Records, Window
from isthmus.runtime.figures.windows import windows
from isthmus.runtime.scorecard.elements import Stretch

AGAIN = 600.0  # seconds after which late samples are looked for
SOON = 30.0  # the same where nothing was known: history may just be filled
SETTLE = 120 * 10**9  # ns after which a shift counts as closed


@dataclass(slots=True)
class OwnStretches:
    """What the shifts of a line had, days where it has none; read anew when another one closed."""

    records: Records
    _kept: dict[str, tuple[float, int, list[Stretch]]] = field(default_factory=dict)

    def of(self, line: Equipment, start: Nanoseconds, end: Nanoseconds) -> list[Stretch]:
        """The stretches that closed in [start, end), oldest first; their sums are elements."""
        closed = self._closed(line, start, end)
        if not closed:
            return []
        at, newest, found = self._kept.get(line.path, (0.0, 0, []))
        old = time.monotonic() - at >= (AGAIN if found else SOON)
        if newest != closed[-1].end or old:
            found = self._read(line, closed)
            self._kept[line.path] = time.monotonic(), int(closed[-1].end), found
        return found

    def _closed(self, line: Equipment, start: Nanoseconds, end: Nanoseconds) -> list[Window]:
        calendar = self.records.calendar(line)
        kind = "shift" if calendar is not None and calendar.shifts else "day"
        found = windows(self.records, line, kind, start, end)
        return [one for one in found if one.end <= end - SETTLE]

    def _read(self, line: Equipment, closed: list[Window]) -> list[Stretch]:
        (found,) = elements_of(self.records, [line], closed)
        if found is None:
            return []
        made = []
        for row, window in enumerate(closed):
            sums = {name: float(column[row]) for name, column in found.columns.items()}
            busy, unknown = sums.get("PBT", 0.0), sums.get("UNKNOWN", 0.0)
            if busy > 0 and unknown >= busy:
                continue  # nothing is known of it: it would make all of the others unknown
            known = {"planned_busy": busy, "unknown": unknown}
            made.append(Stretch(window.start, window.end, window.name, {**sums, **known}))
        return made
