"""What the Python API asks of a site or of its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa

from isthmus.model.tag import Tag

Words = Mapping[str, object]  # of a question, as in the HTTP API
Progress = Callable[[float], None]


class Source(Protocol):
    """Somewhere that answers questions."""

    name: str  # for people: an address or a folder
    zone: ZoneInfo

    def tags(self) -> Sequence[Tag]:
        """All tags, in the order of their ids."""
        ...

    def root(self) -> str:
        """`enterprise/site`, empty where nobody says whose plant it is."""
        ...

    def query(self, patterns: Sequence[str], words: Words, told: Progress) -> pa.Table:
        """The answer to a question, as GET /api/query gives it."""
        ...

    def batches(self, patterns: Sequence[str], words: Words) -> Iterator[pa.RecordBatch]:
        """The samples themselves by time, one piece in memory at a time; at least one batch."""
        ...

    def last(self, patterns: Sequence[str]) -> pa.Table:
        """The newest sample of each tag."""
        ...

    def events(self, words: Words) -> pa.Table:
        """Events, as GET /api/events gives them."""
        ...

    def sql(self, text: str, *, rows: int, seconds: float) -> pa.Table:
        """The answer to a SELECT."""
        ...

    def close(self) -> None:
        """Let go of whatever is held."""
        ...
