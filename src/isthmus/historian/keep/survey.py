"""What a history holds: by month, by equipment, how much of the disk, and when it is full."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.delta.reader import Reader
from isthmus.historian.keep.disk import usage
from isthmus.historian.keep.ledger import Kept, kept
from isthmus.model.sample import Nanoseconds


@dataclass(frozen=True, slots=True)
class Month:
    """One month of one table: `2026-11`."""

    month: str
    table: str
    rows: int
    bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class Part:
    """The samples of one piece of equipment, those that are named no more as `(unnamed)`."""

    equipment: str
    tags: int
    rows: int
    bytes: int  # its share by rows


@dataclass(frozen=True, slots=True)
class Survey:
    """All of it; sealed rows only. `parts` are bytes on the disk by what they are."""

    rows: int
    events: int
    bytes: int
    oldest: Nanoseconds | None
    newest: Nanoseconds | None
    months: list[Month]
    kept: Kept
    used: int
    parts: dict[str, int] = field(default_factory=dict)
    damaged: tuple[str, ...] = ()
    archived_to: str = ""  # where older samples lie


def survey(root: Path) -> Survey:
    """What the history in `root` holds; raises StorageError where there is none."""
    reader = Reader(root)
    shelf, span, lies = reader.shelf(), reader.span(), usage(root)
    samples = [*shelf.clean, *shelf.mixed]
    tables = {
        "samples": [file for file in samples if not shelf.is_away(file)],
        "samples, archived": [file for file in samples if shelf.is_away(file)],
        "events": list(shelf.event_files),
    }
    return Survey(
        sum(file.rows for file in samples),
        sum(file.rows for file in tables["events"]),
        sum(file.size for files in tables.values() for file in files),
        span[0] if span else None,
        span[1] if span else None,
        sorted(
            (month for name, files in tables.items() for month in _months(name, files)),
            key=lambda month: (month.month, month.table),
        ),
        kept(root),
        lies.total,
        dict(lies.parts),
        reader.damage.told(),
        shelf.away.target.to if shelf.away is not None and shelf.away.target else "",
    )


def by_equipment(root: Path) -> list[Part]:
    """The samples of each piece of equipment, the most first; reads the tag of every sample."""
    reader = Reader(root)
    shelf = reader.shelf()
    total = sum(file.size for file in (*shelf.clean, *shelf.mixed))
    question = """
        select coalesce(t.equipment, '(unnamed)') as equipment,
               count(distinct s.tag) as tags, sum(s.n) as rows
        from (select tag, count(*) as n from samples group by tag) s left join tags t using (tag)
        group by all order by rows desc, equipment
    """
    found = reader.sql(question, seconds=600.0, rows=100_000).to_pylist()
    rows = sum(int(row["rows"]) for row in found) or 1
    return [
        Part(row["equipment"], row["tags"], int(row["rows"]), int(row["rows"]) * total // rows)
        for row in found
    ]


def _months(table: str, files: Iterable[DataFile]) -> Iterator[Month]:
    found: dict[str, list[DataFile]] = defaultdict(list)
    for file in files:
        found[file.date[:7]].append(file)
    for month, held in found.items():
        rows, size = sum(file.rows for file in held), sum(file.size for file in held)
        yield Month(month, table, rows, size, len(held))
