"""Imports of old history."""

from __future__ import annotations

from typing import Self

from isthmus.web.contract.answer import Answer, Milliseconds


class NewTag(Answer):
    """A tag that an import needs and the plant file does not have."""

    path: str
    unit: str = ""
    description: str = ""


class ImportBegin(Answer):
    """POST /api/imports: `id` is made of the source's content, so that it is known again."""

    id: str
    source: str
    by: str = ""
    again: bool = False
    create: list[NewTag] = []


class ImportEnd(Answer):
    """POST /api/imports/{id}/end."""

    rejected: int = 0


class ImportInfo(Answer):
    """One import; `parts` are durable, counts are of samples."""

    id: str
    source: str
    by: str
    parts: int
    done: bool
    fresh: int
    corrected: int
    unchanged: int
    rejected: int
    first: Milliseconds | None
    last: Milliseconds | None
    time: Milliseconds | None


class ImportCounts(Answer):
    """What samples change: new, another value than before, the same."""

    fresh: int
    corrected: int
    unchanged: int

    @classmethod
    def of(cls, counts: tuple[int, int, int]) -> Self:
        """These counts, in that order."""
        fresh, corrected, unchanged = counts
        return cls(fresh=fresh, corrected=corrected, unchanged=unchanged)


class ImportSpan(Answer):
    """POST /api/imports/lost: some tags in [start, end), in ns since 1970."""

    paths: list[str]
    start: int
    end: int


class ImportLost(Answer):
    """When a device was lost, by the path of a tag, in ns since 1970."""

    lost: dict[str, list[int]]


class ImportNews(ImportCounts):
    """What the samples of one part change, in all and by the path of each tag."""

    tags: dict[str, ImportCounts] = {}
