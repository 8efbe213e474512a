"""Imports of old history."""

from __future__ import annotations

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


class ImportNews(Answer):
    """What the samples of one part change: new, another value than before, the same."""

    fresh: int
    corrected: int
    unchanged: int
