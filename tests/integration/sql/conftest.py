"""A plant with an hour of history and its SQL endpoint, shared by the tests of this folder."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from isthmus.historian.delta.lake import Lake
from isthmus.historian.settings import LakeSettings
from isthmus.model.access import Access, Deny, Right
from isthmus.model.event import Event
from isthmus.model.plant import Equipment, Level, Plant
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Kind, Namespace, Tag
from isthmus.runtime.sql.endpoint import SqlEndpoint
from isthmus.runtime.sql.users import SqlUsers
from isthmus.runtime.trust.rights import policy_of
from isthmus.trust.policy.policy import Policy

SECOND = 10**9
START = 1_767_222_000 * SECOND  # 2025-12-31 23:00 UTC
ROWS = 3_600  # a sample a second
PASSWORD = "correct horse battery"
READY = 20.0


def tags_of(path: str) -> list[Tag]:
    """One tag of each kind, and names that SQL has uses for."""
    return [
        Tag(f"{path}/speed", unit="1/min", description="Bottles a minute."),
        Tag(f"{path}/state", kind=Kind.ENUMERATION, legend={2: "stopped", 6: "it's 100% on"}),
        Tag(f"{path}/running", kind=Kind.BOOLEAN),
        Tag(f"{path}/product", kind=Kind.TEXT),
        Tag(f"{path}/time", unit="s"),
        Tag(f"{path}/Speed", unit="m/s"),
        Tag(f"{path}/select-me", unit="kW"),
    ]


def plant_of(sql: dict[str, object]) -> Plant:
    """Two areas, in each a line of the same name, and one line more."""

    def line(area: str, name: str, *units: str) -> Equipment:
        path = f"{area}/{name}"
        made = tuple(
            Equipment(f"{path}/{unit}", Level.WORK_UNIT, tags=tuple(tags_of(f"{path}/{unit}")))
            for unit in units
        )
        return Equipment(path, Level.WORK_CENTER, children=made)

    areas = (
        Equipment(
            "packaging",
            Level.AREA,
            children=(line("packaging", "line1", "filler"), line("packaging", "line2", "capper")),
        ),
        Equipment("mixing", Level.AREA, children=(line("mixing", "line2", "stirrer"),)),
    )
    return Plant("acme", "riverside", areas=areas, sql=sql)


def fill(lake: Lake, namespace: Namespace) -> None:
    """An hour of every tag: most sealed, the last minute hot, a gap of a minute in `speed`."""
    time_ = START + np.arange(ROWS, dtype=np.int64) * SECOND
    quality = np.zeros(ROWS, np.uint32)
    position = 0
    for late in (False, True):
        part = slice(ROWS - 60, ROWS) if late else slice(0, ROWS - 60)
        for number, tag in namespace.items():
            if tag.kind is Kind.TEXT:
                continue
            number_ = np.arange(ROWS, dtype=float)
            value = {
                "state": np.where(number_ // 600 % 2, 6.0, 2.0),
                "running": number_ // 600 % 2,
                "speed": np.round(100 + number_ / 10, 1),
            }.get(tag.name, number_)
            own = quality.copy()
            if tag.path == "packaging/line1/filler/speed":
                own[1800:1860] = 0x8031_0000
            ids = np.full(ROWS, int(number), np.int32)
            position += 1
            batch = Batch(ids[part], time_[part], value[part], own[part])
            lake.append(batch, stream="test", position=position)
        if not late:
            events = [
                Event(Nanoseconds(START), tag.path, "text", "water")
                for _, tag in namespace.items()
                if tag.kind is Kind.TEXT
            ]
            events.append(
                Event(
                    Nanoseconds(START + 900 * SECOND),
                    "packaging/line1/filler/product",
                    "text",
                    "o'juice",
                )
            )
            position += 1
            lake.append_events(events, stream="test", position=position)
            lake.seal()


@dataclass(frozen=True)
class Site:
    """Where the endpoint answers."""

    folder: Path
    port: int
    endpoint: SqlEndpoint
    users: SqlUsers
    lake: Lake
    plant: Plant
    acting: list[Policy]  # the one that decides

    @property
    def ca(self) -> Path:
        """The certificate of the plant's authority."""
        return self.folder / "pki" / "ca.crt"

    def url(self, user: str = "anna", *, sslmode: str = "require") -> str:
        """A connection string of libpq."""
        word = PASSWORD.replace(" ", "%20")
        return (
            f"postgresql://{user}:{word}@127.0.0.1:{self.port}/riverside"
            f"?sslmode={sslmode}&sslrootcert={self.ca}"
        )


def serve(
    folder: Path, sql: dict[str, object], settings: LakeSettings | None = None
) -> Iterator[Site]:
    """An endpoint over history in `folder` until the generator ends."""
    plant = plant_of({"listen": "127.0.0.1:0", **sql})
    namespace = Namespace()
    for tag in plant.tags():
        namespace.bind(tag)
    lake = Lake.open(
        folder / "history",
        now=lambda: Nanoseconds(time.time_ns()),
        settings=settings or LakeSettings(),
    )
    fill(lake, namespace)
    lake.write_tags((TagId(number), tag) for number, tag in namespace.items())
    users = SqlUsers(folder / "sql")
    users.add("anna", PASSWORD)
    users.add("ben", PASSWORD, equipment=("mixing/**",))
    users.add("carl", PASSWORD)
    denied = Deny("service:carl", frozenset({Right.READ}), "packaging/line1")
    acting = [policy_of(plant, Access(deny=(denied,)))]
    endpoint = SqlEndpoint(plant, namespace, lake, folder, lambda: acting[0])
    loop = asyncio.new_event_loop()
    task = loop.create_task(endpoint.run())

    def run() -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            pass
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    end = time.monotonic() + READY
    while endpoint.server is None and time.monotonic() < end:
        time.sleep(0.02)
    assert endpoint.server is not None
    yield Site(
        folder, int(endpoint.address.rpartition(":")[2]), endpoint, users, lake, plant, acting
    )
    loop.call_soon_threadsafe(task.cancel)
    thread.join(READY)
    assert not thread.is_alive()
    lake.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The endpoint that the tests share."""
    yield from serve(tmp_path_factory.mktemp("sql"), {})


@pytest.fixture
def tight(tmp_path: Path) -> Iterator[Site]:
    """An endpoint that bears little."""
    limits: dict[str, object] = {
        "connections": 4,
        "user_connections": 3,
        "rows": 1_000,
        "statement": 2.0,
        "startup": 1.0,
        "strangers": 8,
        "idle_open": 1.0,
        "message": 65_536,
        "statements": 5,
        "portals": 3,
    }
    yield from serve(tmp_path, {"limits": limits})
