"""The engines that come with Isthmus: each opens the history that a plant file describes.

Others join the entry-point group `isthmus.historians` with a function like these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus.historian.keep.archive_plan import ArchivePlan
from isthmus.historian.keep.retention import Retention
from isthmus.historian.port import Historian
from isthmus.historian.settings import LakeSettings
from isthmus.model.errors import ConfigError
from isthmus.model.sample import Clock
from isthmus.model.secret import Secret

if TYPE_CHECKING:
    from isthmus.historian.postgresql.settings import PostgreSqlSettings


@dataclass(frozen=True, slots=True)
class Wanted:
    """The history that a plant wants: `options` are the keys of its section `history`."""

    folder: Path  # of this installation's history, made if need be
    retention: Retention
    seal_age: float  # seconds
    options: Mapping[str, object]
    now: Clock
    archive: ArchivePlan | None = None


def lake(wanted: Wanted) -> Historian:
    """A table of Parquet files in a folder."""
    from isthmus.historian.delta.lake import Lake  # noqa: PLC0415 - only where it is chosen

    settings = LakeSettings(
        seal_age=wanted.seal_age, retention=wanted.retention, archive=wanted.archive
    )
    return Lake.open(wanted.folder, now=wanted.now, settings=settings)


def postgresql(wanted: Wanted) -> Historian:
    """A schema in the plant's own PostgreSQL, hypertables where TimescaleDB is installed."""
    from isthmus.historian.postgresql.engine import PostgreSql  # noqa: PLC0415

    return PostgreSql.open(postgresql_settings(wanted.options), now=wanted.now)


def postgresql_settings(options: Mapping[str, object]) -> PostgreSqlSettings:
    """What the section `history` of a plant file says about a PostgreSQL."""
    from isthmus.historian.postgresql.settings import PostgreSqlSettings  # noqa: PLC0415

    url, keep, password = options.get("url"), options.get("keep"), options.get("password")
    if not url:
        raise ConfigError(
            "`history: {engine: postgresql}` needs `url`",
            hint="write it like `url: postgresql://isthmus@db.acme.example/plant`",
        )
    raw = keep.get("raw") if isinstance(keep, Mapping) else None
    return PostgreSqlSettings(
        url=str(url),
        password=Secret.model_validate(_one_place(password)) if password else None,
        schema=str(options.get("schema") or "isthmus"),
        tls=str(options.get("tls") or ""),
        ca=str(options.get("ca") or ""),
        keep=float(raw) if isinstance(raw, int | float) else None,
    )


def _one_place(password: object) -> object:
    if isinstance(password, Mapping):
        return {key: place for key, place in password.items() if place}
    return password
