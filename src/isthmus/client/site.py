"""A running site as a source: it answers, also with what is not sealed yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from isthmus.client.remote import Remote
from isthmus.client.source import Progress, Words
from isthmus.historian.query.flow import Whole
from isthmus.historian.query.forms import MEDIA
from isthmus.model.tag import Counter, Kind, Tag

ARROW = MEDIA["arrow"]


class Site:
    """A site that answers at an address."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self.name = remote.url
        self.zone = ZoneInfo(self._plant["timezone"])

    @cached_property
    def _plant(self) -> Any:  # noqa: ANN401 - JSON of /api/plant
        return self._remote.get("/api/plant")

    @cached_property
    def _equipment(self) -> dict[str, tuple[str, str]]:
        """The type and the title of each piece of equipment."""
        found, waiting = {}, list(self._plant["areas"])
        while waiting:
            one = waiting.pop()
            found[one["path"]] = one["type"], one["title"]
            waiting += one["children"]
        return found

    def tags(self) -> Sequence[Tag]:
        """All tags of the plant file, by id."""
        return [
            Tag(
                tag["path"],
                unit=tag["unit"],
                kind=Kind(tag["kind"]),
                range=tuple(tag["range"]) if tag["range"] else None,
                legend={int(code): word for code, word in (tag["legend"] or {}).items()},
                counter=Counter() if tag["counter"] else None,
                role=tag["role"],
                description=tag["description"],
                type=self._equipment.get(tag["equipment"], ("", ""))[0],
                title=self._equipment.get(tag["equipment"], ("", ""))[1],
            )
            for tag in sorted(self._plant["tags"], key=lambda tag: tag["id"])
        ]

    def root(self) -> str:
        """`enterprise/site`."""
        return f"{self._plant['enterprise']}/{self._plant['site']}"

    def query(self, patterns: Sequence[str], words: Words, told: Progress) -> pa.Table:
        """The site's answer to a question."""
        told(0.0)
        return self._table("/api/query", tags=",".join(patterns), **words)

    def batches(self, patterns: Sequence[str], words: Words) -> Iterator[pa.RecordBatch]:
        """The site's samples, as they come; LinkError where they break off."""
        yield from self._batches("/api/query", tags=",".join(patterns), **words)

    def last(self, patterns: Sequence[str]) -> pa.Table:
        """The newest sample of each tag."""
        return self._table("/api/last", tags=",".join(patterns))

    def events(self, words: Words) -> pa.Table:
        """Events."""
        return self._table("/api/events", **words)

    def sql(self, text: str, *, rows: int, seconds: float) -> pa.Table:
        """The answer to a SELECT."""
        return self._table("/api/sql", q=text, rows=rows, seconds=min(seconds, 30.0))

    def _table(self, route: str, **words: object) -> pa.Table:
        batches = list(self._batches(route, **words))
        return pa.Table.from_batches(batches)

    def _batches(self, route: str, **words: object) -> Iterator[pa.RecordBatch]:
        """At least one batch, which may be empty."""
        said = {f"{key}_": _word(value) for key, value in words.items()}  # `path_` is a word too
        with closing(self._remote.flow(route, accept=ARROW, **said)) as answer:
            whole = Whole(answer, f"the site at {self._remote.url}")
            yield from whole.batches()

    def close(self) -> None:
        """Nothing is held: each question is a request of its own."""


def _word(value: object) -> Any:  # noqa: ANN401 - what an address takes
    return str(value).lower() if isinstance(value, bool) else value
