"""Whom to ask of the past: the site that runs, else what a site that does not run has stored."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.cli.remote import Remote, data_folder
from isthmus.model.errors import ConfigError, LinkError, Refused

if TYPE_CHECKING:
    from isthmus.historian.delta.reader import Reader
    from isthmus.historian.postgresql.reader import PostgreSqlReader
    from isthmus.model.kpi import KpiResult
    from isthmus.model.plant import Plant

PLANT = Path("plant.yaml")
NEWEST = "select epoch_us(max(time)) as newest from samples"
NEWEST_THERE = "select (extract(epoch from max(time)) * 1000000)::bigint as newest from latest"


def plant_argument(parser: argparse.ArgumentParser) -> None:
    """The option that says where the plant file is, for when no site runs."""
    parser.add_argument(
        "--plant", type=Path, help="plant file where no site runs (here, else beside the data)"
    )


def asked(args: argparse.Namespace) -> Remote | Past:
    """The running site; without one what it stored. ConfigError where there is neither."""
    folder = data_folder(args.data)
    try:
        site = Remote.of(folder)
        site.get("/api/plant")
    except LinkError as error:
        if not (folder / "catalogue.json").is_file():
            raise ConfigError(
                f"there is no site in {folder}",
                hint="name its data with --data; `isthmus run` makes one from a plant file",
            ) from error
        past = Past(folder, _plant(args, folder))
        if not args.json:
            moment = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(past.now / 1e9))
            print(f"no site runs: as of {moment}, the last that is stored", file=sys.stderr)
        return past
    return site


def _plant(args: argparse.Namespace, folder: Path) -> Plant | None:
    """The plant as its file tells it; None where there is no file."""
    from isthmus.runtime.config import load

    if args.plant is not None:
        return load(args.plant)
    places = (folder.absolute().parent / PLANT, PLANT)
    found = next((place for place in places if place.is_file()), None)
    return None if found is None else load(found)


class Past:
    """Answers `get` as a site does, from what is stored: gaps and derived values."""

    def __init__(self, folder: Path, plant: Plant | None) -> None:
        from isthmus.runtime.catalogue import Catalogue
        from isthmus.runtime.derive.dirt import FILE, Dirt
        from isthmus.runtime.history.imports import imported_tags

        self._plant, self._folder = plant, folder
        self._names = Catalogue.open(folder / "catalogue.json").namespace
        for tag in (*imported_tags(folder), *(plant.tags() if plant else ())):
            self._names.bind(tag)  # in memory alone
        self._history, newest = _stored(folder, plant)
        told = self._history.sql(newest).to_pylist()[0]["newest"]
        self.now = (int(told or 0) + 1) * 1_000
        self._waits = Dirt.open(folder / FILE).waiting
        self._answers = {
            "/api/plant": self._told,
            "/api/gaps": self._gaps,
            "/api/kpi": self._kpis,
            "/api/kpi/explain": self._explain,
        }

    def get(self, path: str, **query: Any) -> Any:  # noqa: ANN401 - JSON
        """The answer of that route; Refused with the words of the site where it has none."""
        from isthmus.web.ask import Problem

        try:
            return self._answers[path](query)
        except Problem as error:
            raise Refused(error.error, hint=error.hint) from error

    def _told(self, _query: dict[str, Any]) -> dict[str, Any]:
        plant = self._plant
        return {
            "enterprise": plant.enterprise if plant else "",
            "site": plant.site if plant else "",
            "now": self.now / 1e6,
            "tags": [{"id": number, "path": tag.path} for number, tag in self._names.items()],
        }

    def _gaps(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        import numpy as np

        from isthmus.model.sample import Nanoseconds, TagId
        from isthmus.runtime.history.gaps import gaps
        from isthmus.web.gaps import gap_info

        tags = np.array([int(word) for word in query["tags"].split(",")], np.int32)
        span = (Nanoseconds(int(query[key] * 1e6)) for key in ("from_", "to"))
        found = gaps(self._history, tags, *span, shortest=round(query["shortest"] * 1e9))
        names = self._names
        return [gap_info(gap, names[TagId(gap.tag)].path).model_dump() for gap in found]

    def _kpis(self, query: dict[str, Any]) -> dict[str, Any]:
        from isthmus.web.ask import time_range
        from isthmus.web.kpi import Asked, Waits, derived

        names = tuple(name for name in query.get("kpi", "").split(",") if name)
        wanted = Asked(query["path_"], names, query["period"], limit=query.get("limit", 10_000))
        span = time_range(query["from_"], query["to"])
        return derived(self._history, *span, wanted, Waits(self._waits)).model_dump()

    def _explain(self, query: dict[str, Any]) -> dict[str, Any]:
        from isthmus.model.sample import Nanoseconds
        from isthmus.web.kpi import Asked, Waits, explained

        wanted = Asked(query["path_"], (query["kpi"],), query["period"])
        at = Nanoseconds(int(query["at"] * 1e6))
        found = explained(self._history, at, wanted, Waits(self._waits), self._today)
        return found.model_dump()

    def _today(self, result: KpiResult) -> dict[str, str] | None:
        """Today's digests of the inputs; None where no plant file says what they are."""
        from isthmus.model.sample import Nanoseconds
        from isthmus.runtime.figures.read import Records
        from isthmus.web.kpi import today

        if self._plant is None:
            return None
        now = Nanoseconds(self.now)
        return today(Records(self._plant, self._names, self._history, lambda: now), result)


def _stored(folder: Path, plant: Plant | None) -> tuple[Reader | PostgreSqlReader, str]:
    """The history of the site in `folder`, and how its newest time is asked for."""
    from isthmus.historian.delta.reader import Reader
    from isthmus.historian.engines import postgresql_settings
    from isthmus.runtime.history.opened import HistoryPlace
    from isthmus.runtime.settings import Settings

    place = HistoryPlace.of(folder)
    if place.engine != "postgresql":
        place.require_lake("asking history without its site")
        return Reader.open(folder / "history"), NEWEST
    if plant is None:
        raise ConfigError(
            f"history is in PostgreSQL at {place.place}, and no plant file says how to reach it",
            hint="name the file with --plant",
        )
    from isthmus.historian.postgresql.reader import PostgreSqlReader

    settings = Settings.of(plant, folder)
    return PostgreSqlReader.open(postgresql_settings(settings.history_options)), NEWEST_THERE
