"""A site that takes imports: the one that runs, else the files of one that does not."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from isthmus.cli.remote import ZONE, Remote
from isthmus.historian.delta.lake import Lake
from isthmus.historian.ingest.compare import News
from isthmus.historian.ingest.mapping import Known
from isthmus.historian.ingest.shape import known_tags
from isthmus.historian.ingest.wire import pack, unpack
from isthmus.model.errors import ConfigError, LinkError, Refused
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Tag
from isthmus.runtime.catalogue import Catalogue
from isthmus.runtime.derive.dirt import FILE, Dirt
from isthmus.runtime.history.imports import Imports, imported_tags, make_tags
from isthmus.runtime.history.opened import HistoryPlace

ARROW = "application/vnd.apache.arrow.stream"
TAGS = "select path, unit, legend from tags order by tag"
ROWS = 1_000_000  # imported into files between two seals

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Counts:
    """Of some samples: how many were new, corrected and there already; the same by path."""

    fresh: int = 0
    corrected: int = 0
    unchanged: int = 0
    tags: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)

    @classmethod
    def told(cls, answer: dict[str, Any]) -> Self:
        """These counts from the answer of a site."""

        def counts(each: dict[str, int]) -> tuple[int, int, int]:
            return each["fresh"], each["corrected"], each["unchanged"]

        tags = {path: counts(each) for path, each in answer["tags"].items()}
        return cls(*counts(answer), tags)


class Site(Protocol):
    """What an import needs of a site."""

    zone: str
    now: int

    def tags(self) -> dict[str, Known]:
        """All tags by path."""
        ...

    def begin(
        self, number: str, source: str, by: str, *, again: bool, create: Sequence[Known]
    ) -> tuple[int, bool]:
        """How many parts are taken, and whether all are; `create` are tags to be made."""
        ...

    def preview(self, batch: Batch, paths: Sequence[str]) -> Counts:
        """What samples would change, whose tag ids are places in `paths`."""
        ...

    def take(
        self, number: str, part: int, batch: Batch, paths: Sequence[str], *, more: bool = False
    ) -> Counts:
        """Take one part, or with `more` a piece of it; what it changed."""
        ...

    def lost(self, paths: Sequence[str], start: int, end: int) -> dict[str, list[int]]:
        """When in [start, end) it was noted that a device was lost, by tag."""
        ...

    def end(self, number: str, rejected: int) -> None:
        """The import is complete."""
        ...


@contextmanager
def opened(folder: Path) -> Iterator[Site]:
    """The site whose data is in `folder`; ConfigError where there is none."""
    try:
        remote = Remote.of(folder)
        plant = remote.get("/api/plant")
    except LinkError as error:
        if not (folder / "catalogue.json").is_file():
            raise ConfigError(
                f"there is no site in {folder}",
                hint="name its data with --data; `isthmus run` makes one from a plant file",
            ) from error
        HistoryPlace.of(folder).require_lake("importing while the site does not run")
        files = Files(folder)
        try:
            yield files
        finally:
            files.close()
    else:
        yield Running(remote, plant["timezone"], int(plant["now"] * 1e6))


@dataclass(slots=True)
class Running:
    """A site that runs, through its API."""

    remote: Remote
    zone: str
    now: int

    def tags(self) -> dict[str, Known]:
        """All tags by path."""
        return known_tags(self.remote.get("/api/sql", q=TAGS, rows=1_000_000))

    def begin(
        self, number: str, source: str, by: str, *, again: bool, create: Sequence[Known]
    ) -> tuple[int, bool]:
        """How many parts are taken, and whether all are."""
        fresh = [{"path": tag.path, "unit": tag.unit, "description": source} for tag in create]
        wish = {"id": number, "source": source, "by": by, "again": again, "create": fresh}
        told = self.remote.send("/api/imports", json.dumps(wish).encode())
        return int(told["parts"]), bool(told["done"])

    def preview(self, batch: Batch, paths: Sequence[str]) -> Counts:
        """What samples would change."""
        told = self.remote.send("/api/imports/preview", pack(batch, paths), ARROW)
        return Counts.told(told)

    def take(
        self, number: str, part: int, batch: Batch, paths: Sequence[str], *, more: bool = False
    ) -> Counts:
        """Take one part, or with `more` a piece of it; what it changed."""
        path, body = f"/api/imports/{number}/parts", pack(batch, paths)
        return Counts.told(self.remote.send(path, body, ARROW, part=part, more=str(more).lower()))

    def lost(self, paths: Sequence[str], start: int, end: int) -> dict[str, list[int]]:
        """When in [start, end) it was noted that a device was lost, by tag."""
        body = json.dumps({"paths": paths, "start": start, "end": end}).encode()
        told: dict[str, list[int]] = self.remote.send("/api/imports/lost", body)["lost"]
        return told

    def end(self, number: str, rejected: int) -> None:
        """The import is complete."""
        body = json.dumps({"rejected": rejected}).encode()
        self.remote.send(f"/api/imports/{number}/end", body)


@dataclass(slots=True)
class Files:
    """The files of a site that does not run; nobody else may write them meanwhile."""

    folder: Path
    zone: str = "UTC"  # where nobody ran a plant yet
    now: int = field(default_factory=time.time_ns)
    _lake: Lake = field(init=False)
    _catalogue: Catalogue = field(init=False)
    _imports: Imports = field(init=False)
    _dirt: Dirt = field(init=False)
    _position: int = 0

    def __post_init__(self) -> None:
        if (self.folder / ZONE).is_file():
            self.zone = (self.folder / ZONE).read_text("utf-8").strip()
        self._catalogue = Catalogue.open(self.folder / "catalogue.json")
        self._catalogue.bind(imported_tags(self.folder))
        self._lake = Lake.open(self.folder / "history", now=lambda: Nanoseconds(time.time_ns()))
        self._dirt = Dirt.open(self.folder / FILE)
        self._dirt.watch(list(range(len(self._catalogue.namespace))))
        self._imports = Imports(
            *(self.folder, self._lake, self._catalogue.namespace),
            *(self._deliver, self._keep, self._tell),
            lambda: Nanoseconds(time.time_ns()),
            rows=ROWS,
        )

    def close(self) -> None:
        """Let the site start again."""
        self._lake.seal()
        self._lake.close()

    def tags(self) -> dict[str, Known]:
        """All tags by path."""
        return known_tags(self._lake.sql(TAGS, rows=1_000_000).to_pylist())

    def begin(
        self, number: str, source: str, by: str, *, again: bool, create: Sequence[Known]
    ) -> tuple[int, bool]:
        """How many parts are taken, and whether all are."""
        wanted = [Tag(tag.path, unit=tag.unit, description=source) for tag in create]
        if fresh := make_tags(self.folder, wanted, self._catalogue.namespace):
            self._catalogue.bind(fresh)
        named = self.tags() if wanted else {}  # whoever was killed had perhaps not come so far
        if missing := [tag for tag in wanted if tag.path not in named]:
            self._write_tags(missing)
        known = _await(self._imports.begin(number, source, by, again=again))
        return known.parts, known.done

    def _write_tags(self, fresh: Sequence[Tag]) -> None:
        """Add names to the tag table; the next start writes all that the plant file says."""
        told = self._lake.sql("select path, unit, legend from tags", rows=1_000_000).to_pylist()
        for row in told:
            legend = json.loads(row["legend"]) if row["legend"] else {}
            words = {int(number): str(word) for number, word in legend.items()}
            if row["path"] in self._catalogue.namespace:
                self._catalogue.namespace.bind(Tag(row["path"], row["unit"] or "", legend=words))
        for tag in fresh:
            self._catalogue.namespace.bind(tag)
        self._lake.write_tags(self._catalogue.namespace.items())

    def preview(self, batch: Batch, paths: Sequence[str]) -> Counts:
        """What samples would change."""
        return self._counts(self._imports.preview(self._own(batch, paths)))

    def take(
        self, number: str, part: int, batch: Batch, paths: Sequence[str], *, more: bool = False
    ) -> Counts:
        """Take one part, or with `more` a piece of it; what it changed."""
        own = self._own(batch, paths)
        return self._counts(_await(self._imports.take(number, part, own, more=more)))

    def lost(self, paths: Sequence[str], start: int, end: int) -> dict[str, list[int]]:
        """When in [start, end) it was noted that a device was lost, by tag."""
        return self._imports.lost(paths, start, end)

    def end(self, number: str, rejected: int) -> None:
        """The import is complete."""
        _await(self._imports.end(number, rejected=rejected))

    def _counts(self, found: News) -> Counts:
        names = self._catalogue.namespace
        tags = {names[TagId(tag)].path: counts for tag, counts in found.by_tag.items()}
        return Counts(found.fresh, found.corrected, found.unchanged, tags)

    def _own(self, batch: Batch, paths: Sequence[str]) -> Batch:
        own, unknown = unpack(pack(batch, paths), self._catalogue.namespace.id)
        if unknown:
            raise Refused(f"there is no tag {unknown[0]}", hint="--create EQUIPMENT makes it")
        return own

    async def _deliver(self, rows: Batch, number: str, _part: int) -> None:
        # the journal knows which parts are durable; to the lake a part done again is a new one
        stream = f"import:{number}"
        self._position = max(self._position, self._lake.positions().get(stream, 0)) + 1
        append = partial(self._lake.append, rows, stream=stream, position=self._position)
        await self._dirt.append(rows, append)  # the site computes again what these change

    async def _keep(self) -> None:
        if self._lake.seal() is None and self._lake.stats().state == "full":
            raise Refused(f"importing: the disk of {self.folder} is full", hint="free some space")

    async def _tell(self, event: Event) -> None:
        # once a turn: what ended and was not noted in the journal ends again
        stream, turn = f"import:{event.data['id']}:events", int(str(event.data["turn"]))
        self._lake.append_events([event], stream=stream, position=turn)


def _await(doing: Awaitable[T]) -> T:
    async def wait() -> T:
        return await doing

    return asyncio.run(wait())
