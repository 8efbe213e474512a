"""The compressor's only voice: a log file with a decimal comma, begun anew at 1 MB."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from isthmus.demo.moment import Moment
from isthmus.demo.physics.calendar import ZONE

_UNIT = "utilities/air/compressor"
_LARGEST = 1_000_000  # bytes
_KEPT = 3  # older files
_EVERY = 2  # seconds of the plant's time


class CompressorLog:
    """Writes `2026-11-10 11:42:18 P=7,42bar RUN=1 H=12345`, in local time as machines do."""

    def __init__(self, folder: Path, *, largest: int = _LARGEST) -> None:
        self.file = folder / "compressor.log"
        self._largest = largest
        self._written = 0
        folder.mkdir(parents=True, exist_ok=True)

    def show(self, moment: Moment) -> None:
        """Appends a line if the last is old enough; OSError where the disk refuses."""
        second = moment.time // 1_000_000_000
        if second - self._written < _EVERY:
            return
        self._written = second
        local = datetime.fromtimestamp(second, UTC).astimezone(ZONE)
        pressure = f"{moment.value(f'{_UNIT}/pressure'):.2f}".replace(".", ",")
        running = int(moment.value(f"{_UNIT}/running"))
        hours = int(moment.value(f"{_UNIT}/hours"))
        line = f"{local:%Y-%m-%d %H:%M:%S} P={pressure}bar RUN={running} H={hours}\n"
        self._rotate(len(line))
        with self.file.open("a", encoding="ascii") as file:
            file.write(line)

    def _rotate(self, more: int) -> None:
        """`compressor.log` becomes `.log.1`, that `.log.2`, and so on; the oldest goes."""
        if not self.file.exists() or self.file.stat().st_size + more <= self._largest:
            return
        for number in range(_KEPT, 0, -1):
            older = self.file.with_name(f"compressor.log.{number}")
            newer = self.file.with_name(f"compressor.log.{number - 1}") if number > 1 else self.file
            if newer.exists():
                newer.replace(older)
