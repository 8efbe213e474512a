"""A plant that answers questions about its tags and their history."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Literal, Self
from zoneinfo import ZoneInfo

import pyarrow as pa

from isthmus.client.answer import Answer
from isthmus.client.source import Progress, Source
from isthmus.model.errors import Refused
from isthmus.model.selection import select
from isthmus.model.tag import Tag

Time = str | datetime
Patterns = str | Sequence[str]


class Plant:
    """A site, or the files of one; made by `isthmus.connect`."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def zone(self) -> ZoneInfo:
        """The plant's time zone: times without an offset are in it."""
        return self._source.zone

    def tags(self, pattern: str = "**") -> list[Tag]:
        """The tags that `pattern` selects: `**` any levels, `*` any part of one."""
        every = {tag.path: tag for tag in self._source.tags()}
        return [every[path] for path in select(list(every), pattern, self._source.root())]

    def last(self, pattern: Patterns) -> Answer:
        """The newest sample of each tag: `time`, `path`, `value`, `quality`."""
        return Answer(self._source.last(_list(pattern)), self.zone)

    def history(
        self,
        pattern: Patterns,
        *,
        start: Time | None = None,
        end: Time | None = None,
        last: str | None = None,
        every: str = "",
        aggregate: str | Sequence[str] = (),
        grid: str = "",
        fill: Literal["hold", "linear"] = "hold",
        max_age: str = "",
        points: int | None = None,
        reduce: Literal["minmax", "lttb"] = "minmax",
        sloped: bool = False,
        wide: bool | None = None,
        calendar: str = "",
        rows: int = 1_000_000,
        told: Progress = lambda _: None,
    ) -> Answer:
        """What happened to the tags between `start` and `end`, or in the `last` 8h; 1h if not said.

        Samples as they are; with `every` or `aggregate` results of OPC UA Part 13 (`time-average`,
        `min`, `max`, `delta`, `states`, ...) in intervals of 1min, 1h, 1d, 1w, 1mo or a shift; with
        `grid` many tags side by side; with `points` few samples of the same shape. Times are ISO
        8601 in the plant's zone, datetimes, or `now-8h`, `today 06:00`, `yesterday`.
        """
        words = {
            **_span(start, end, last, self.zone),
            "every": every,
            "aggregate": ",".join(_list(aggregate)),
            "grid": grid,
            "fill": fill,
            "max_age": max_age,
            "points": points,
            "reduce": reduce,
            "sloped": sloped,
            "wide": bool(grid) if wide is None else wide,
            "calendar": calendar,
            "rows": rows,
        }
        return Answer(self._source.query(_list(pattern), words, told), self.zone)

    def batches(
        self,
        pattern: Patterns,
        *,
        start: Time | None = None,
        end: Time | None = None,
        last: str | None = None,
        rows: int = 1_000_000_000,
    ) -> Iterator[pa.RecordBatch]:
        """The samples as they are, by time, as Arrow batches: any number in little memory.

        Raises LinkError where the site's answer breaks off, Refused beyond `rows`; what came
        before is then not the whole answer.
        """
        words = {**_span(start, end, last, self.zone), "rows": rows}
        yield from self._source.batches(_list(pattern), words)

    def events(
        self,
        *,
        start: Time | None = None,
        end: Time | None = None,
        last: str | None = None,
        kinds: str | Sequence[str] = (),
        path: str = "",
        limit: int = 10_000,
    ) -> Answer:
        """The newest events: text values, orders, links that fell; of a day if not said."""
        span = _span(start, end, last or ("1d" if start is None else None), self.zone)
        words = {**span, "kinds": ",".join(_list(kinds)), "path": path, "limit": limit}
        return Answer(self._source.events(words), self.zone)

    def sql(self, text: str, *, rows: int = 100_000, seconds: float = 30.0) -> Answer:
        """The answer to one SELECT over the views `samples`, `tags`, `events`."""
        return Answer(self._source.sql(text, rows=rows, seconds=seconds), self.zone)

    def close(self) -> None:
        """Let go of the files; a site holds nothing."""
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Plant {self._source.root() or 'files'} at {self._source.name}>"

    def _repr_html_(self) -> str:
        tags = self._source.tags()
        return (
            f"<b>{html.escape(self._source.root() or 'files')}</b> at "
            f"{html.escape(self._source.name)}: {len(tags):,} tags, times in {self.zone}"
        )


def _list(said: str | Sequence[str]) -> list[str]:
    return [word for word in said.split(",") if word] if isinstance(said, str) else list(said)


def _span(
    start: Time | None, end: Time | None, last: str | None, zone: ZoneInfo
) -> dict[str, object]:
    """The words `from` and `to`."""
    if last is not None and start is not None:
        raise Refused("`start` and `last` are two beginnings", hint="give one of them")
    until = _said(end, zone) if end is not None else "now"
    if start is not None:
        return {"from": _said(start, zone), "to": until}
    if end is not None:
        raise Refused("an end without a start", hint="give `start`, or `last` without an end")
    return {"from": f"now-{last or '1h'}", "to": until}


def _said(time: Time, zone: ZoneInfo) -> str:
    """The text of a time; what has no offset is of the plant's zone."""
    if not isinstance(time, datetime):
        return time
    return (time if time.tzinfo else time.replace(tzinfo=zone)).isoformat()
