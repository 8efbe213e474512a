"""The engines of history that the conformance suite runs: each opened, crashed, opened again.

A new engine joins with one class here and its name in `HISTORIES`.
"""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

from tests.servers.postgresql import Cluster

from isthmus.historian.delta.lake import Lake
from isthmus.historian.memory import Memory
from isthmus.historian.port import Historian
from isthmus.historian.postgresql.engine import PostgreSql
from isthmus.historian.postgresql.settings import PostgreSqlSettings
from isthmus.historian.settings import DAY, LakeSettings
from isthmus.model.sample import Nanoseconds

NOON = 20_000 * DAY + DAY // 2
LOOK_BACK = 2 * DAY
NUMBERS = itertools.count(1)  # of schemas in the one database


def now() -> Nanoseconds:
    return Nanoseconds(NOON + DAY)


class History:
    """Where one history is kept, empty at first."""

    sql = True  # whether it answers SQL
    shared = True  # whether another process could open it

    def open(self, **settings: Any) -> Historian:
        """The history as it was last sealed."""
        raise NotImplementedError

    def remove(self) -> None:
        """Forget it."""


class InMemory(History):
    """The reference: all that it took is as good as sealed."""

    sql = False
    shared = False

    def __init__(self, folder: Path, cluster: Cluster | None) -> None:
        self._kept = Memory(look_back=LOOK_BACK)

    def open(self, **settings: Any) -> Historian:
        return self._kept


class InLake(History):
    def __init__(self, folder: Path, cluster: Cluster | None) -> None:
        self._folder = folder / "lake"

    def open(self, **settings: Any) -> Historian:
        chosen = {"look_back": LOOK_BACK, "merge_files": 3, "merge_pause": 0, **settings}
        return Lake.open(self._folder, now=now, settings=LakeSettings(**chosen))

    def remove(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


class InPostgreSql(History):
    def __init__(self, folder: Path, cluster: Cluster | None) -> None:
        assert cluster, "the suite skips this engine where there is no PostgreSQL"
        self._url = cluster.shared()
        self._schema = f"history_{next(NUMBERS)}"

    def open(self, **settings: Any) -> Historian:
        chosen = {"schema": self._schema, "look_back": LOOK_BACK, **settings}
        return PostgreSql.open(PostgreSqlSettings(self._url, **chosen), now=now)


HISTORIES: dict[str, type[History]] = {
    "memory": InMemory,
    "lake": InLake,
    "postgresql": InPostgreSql,
}
