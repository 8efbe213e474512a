"""What no table keeps: looks at how the plant stands, added up by shift and kept for a year."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path

from isthmus.insight.scorecard.measure import added
from isthmus.model.errors import StorageError
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.catalogue import write_durably
from isthmus.runtime.scorecard.elements import Stretch

log = logging.getLogger(__name__)

MOST = 1_200  # stretches: a year of shifts
FORMAT = 1
SITE = ""


@dataclass(slots=True)
class Looks:
    """The elements of each stretch by place: a line's path, or "" for the site."""

    file: Path
    kept: list[tuple[int, int, str, dict[str, dict[str, float]]]] = field(default_factory=list)

    @classmethod
    def open(cls, file: Path) -> Looks:
        """What `file` holds; nothing where it is damaged, which is told."""
        made = cls(file)
        try:
            told = json.loads(file.read_text("utf-8")) if file.exists() else {"stretches": []}
            made.kept = [
                (int(start), int(end), str(name), {place: dict(sums) for place, sums in of.items()})
                for start, end, name, of in told["stretches"]
            ]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("reading %s: %s; the trends of the scorecard begin anew", file, error)
        return made

    def add(
        self, stretch: tuple[Nanoseconds, Nanoseconds, str], seen: dict[str, dict[str, float]]
    ) -> None:
        """One more look inside `stretch`; what has no value then is not in `seen`."""
        start, end, name = stretch
        if not self.kept or self.kept[-1][0] < start:
            self.kept = [*self.kept[1 - MOST :], (int(start), int(end), name, {})]
        places = self.kept[-1][3]
        for place, sums in seen.items():
            places[place] = added([places.get(place, {}), sums])

    def of(self, place: str, start: int, end: int) -> list[Stretch]:
        """The looks at `place` of the stretches that touch [start, end), oldest first."""
        return [
            Stretch(Nanoseconds(first), Nanoseconds(last), name, places[place])
            for first, last, name, places in self.kept
            if last > start and first < end and place in places
        ]

    def save(self) -> None:
        """Keep them on disk; StorageError where that fails."""
        body = {"format": FORMAT, "stretches": self.kept}
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self.file, json.dumps(body).encode())
        except OSError as error:
            raise StorageError(
                f"keeping the trends of the scorecard in {self.file}: {error}",
                hint="is there space, and may the data folder be written?",
            ) from error
