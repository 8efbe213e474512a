"""The files of a site as a source: what is sealed, read without a site and without a lock."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa
from pydantic import ValidationError

from isthmus.client.remote import COUNTERS, ZONE
from isthmus.client.source import Progress, Words
from isthmus.historian.delta.reader import Reader
from isthmus.historian.query.asked import Asked
from isthmus.historian.query.flow import flow
from isthmus.historian.query.moment import moment
from isthmus.historian.query.question import SHIFT, Place, answer
from isthmus.historian.query.table import events_table, samples_table
from isthmus.model.errors import ConfigError, Refused
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.selection import select
from isthmus.model.tag import Counter, Kind, Tag
from isthmus.runtime.history.opened import HistoryPlace

VERIFY = 256 << 20  # bytes of the newest files, whose checksums are compared before
MOST_TAGS = 1_000_000


class Files:
    """The history in a data folder."""

    def __init__(self, folder: Path) -> None:
        HistoryPlace.of(folder).require_lake("asking history without its site")
        history = folder / "history"
        if not history.is_dir():
            raise ConfigError(
                f"there is no history in {folder}", hint="name a site's data folder (--data)"
            )
        self.name, self._folder = str(folder), folder
        self._reader = Reader(history)
        self._reader.verify(VERIFY)  # what is rotten yet readable would be in the answer
        self.zone = self._zone()

    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo((self._folder / ZONE).read_text("utf-8").strip())
        except (OSError, ValueError, ZoneInfoNotFoundError):
            return ZoneInfo("UTC")

    @cached_property
    def _known(self) -> dict[TagId, Tag]:
        """Every tag by id, as the site wrote it beside the samples."""
        try:
            counters = json.loads((self._folder / COUNTERS).read_text("utf-8"))
        except (OSError, ValueError):
            counters = {}
        rows = self._reader.sql(
            "select tag, path, unit, kind, counter, legend, role, description, type, title "
            "from tags order by tag",
            rows=MOST_TAGS,
        ).to_pylist()
        return {
            TagId(row["tag"]): Tag(
                row["path"],
                unit=row["unit"] or "",
                kind=Kind(row["kind"] or "number"),
                legend=_legend(row["legend"]),
                counter=Counter(**counters.get(row["path"], {})) if row["counter"] else None,
                role=row["role"] or "",
                description=row["description"] or "",
                type=row["type"] or "",
                title=row["title"] or "",
            )
            for row in rows
        }

    def tags(self) -> Sequence[Tag]:
        """All tags, by id."""
        return list(self._known.values())

    def root(self) -> str:
        """Empty: without a site patterns are relative to it."""
        return ""

    def query(self, patterns: Sequence[str], words: Words, told: Progress) -> pa.Table:
        """The answer to a question, as of the last moment that is sealed."""
        asked = _asked({**words, "tags": ",".join(patterns)})
        if asked.every == SHIFT:
            raise Refused(
                "shifts stand in the plant file, which the data folder does not have",
                hint="start the site and ask it, or give a step such as 8h",
            )
        place = Place(self.zone, self._now())
        return answer(self._reader, self._chosen(patterns), asked.question(place), place, told)

    def batches(self, patterns: Sequence[str], words: Words) -> Iterator[pa.RecordBatch]:
        """The sealed samples themselves, one piece in memory at a time."""
        asked = _asked({**words, "tags": ",".join(patterns)})
        question = asked.question(Place(self.zone, self._now()))
        yield from flow(self._reader, self._chosen(patterns), question)

    def last(self, patterns: Sequence[str]) -> pa.Table:
        """The newest sealed sample of each tag."""
        tags = self._chosen(patterns)
        return samples_table(self._reader.last(sorted(tags)), tags)

    def events(self, words: Words) -> pa.Table:
        """Events."""
        now = self._now()
        start, end = (
            moment(str(words.get(name, usual)), self.zone, now)
            for name, usual in (("from", "now-1d"), ("to", "now"))
        )
        found = self._reader.events(
            *(start, end),
            kinds=[kind for kind in str(words.get("kinds", "")).split(",") if kind],
            path=str(words.get("path") or "") or None,
            limit=int(str(words.get("limit", 10_000))),
        )
        return events_table(found)

    def sql(self, text: str, *, rows: int, seconds: float) -> pa.Table:
        """The answer to a SELECT."""
        return self._reader.sql(text, rows=rows, seconds=seconds)

    def close(self) -> None:
        """Let go of the files."""
        self._reader.close()

    def _now(self) -> Nanoseconds:
        """The last moment that the site told of anything: what held then is known no longer."""
        span = self._reader.span()
        return Nanoseconds(span[1] + 1_000_000) if span else Nanoseconds(0)  # spans are rounded

    def _chosen(self, patterns: Sequence[str]) -> dict[TagId, Tag]:
        ids = {tag.path: number for number, tag in self._known.items()}
        paths = {path for pattern in patterns for path in select(list(ids), pattern, "")}
        return {ids[path]: self._known[ids[path]] for path in paths}


def _legend(text: str | None) -> dict[int, str]:
    return {int(code): word for code, word in json.loads(text or "{}").items()}


def _asked(words: Words) -> Asked:
    """The words of a question, checked as the site checks them."""
    try:
        return Asked.model_validate(words)
    except ValidationError as error:
        wrong = "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in error.errors()[:5])
        raise Refused(wrong, hint="see the words of GET /api/query") from error
