"""What a person sees on the terminal: progress and tables, plain where there is none."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

WIDTH = 28
EVERY = 0.1


class Progress:
    """A bar on standard error; silent where nobody sees it or `quiet`."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._shown = not quiet and sys.stderr.isatty()
        self._told = not quiet and not self._shown
        self._last = 0.0
        self._what = ""
        self._lock = threading.Lock()

    def show(self, what: str, share: float) -> None:
        """Say how far `what` is, 0 to 1; cheap to call often."""
        with self._lock:
            if self._told and what != self._what:
                print(what, file=sys.stderr, flush=True)
            changed, self._what = what != self._what, what
            now = time.monotonic()
            if not self._shown or (now - self._last < EVERY and share < 1 and not changed):
                return
            self._last = now
            full = round(WIDTH * min(max(share, 0.0), 1.0))
            bar = "█" * full + "░" * (WIDTH - full)
            print(f"\r{bar} {share:4.0%} {what}\033[K", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Take the bar away."""
        if self._shown and self._last:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns as wide as their content, numbers to the right; cut to the terminal's width."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [
        max([len(title), *(len(row[place]) for row in cells)]) for place, title in enumerate(head)
    ]
    right = [
        bool(rows) and all(isinstance(row[place], int | float | None) for row in rows)
        for place in range(len(head))
    ]
    lines = [list(head), *cells]
    text = [
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    ]
    limit = shutil.get_terminal_size((0, 0)).columns if sys.stdout.isatty() else 0
    if limit and "NO_CUT" not in os.environ:
        text = [line[:limit] for line in text]
    return "\n".join(text)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
