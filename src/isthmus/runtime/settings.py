"""What the plant file says about this installation, with the defaults that suit a laptop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from isthmus.historian.keep.archive_plan import ArchivePlan
from isthmus.historian.keep.retention import Retention
from isthmus.model.plant import Edge, Plant
from isthmus.model.plantfile_edge import host_and_port
from isthmus.model.secret import Secret
from isthmus.runtime.history.backup import BackupPlan, backup_plan
from isthmus.runtime.trust.terms import terms_of
from isthmus.trust.pki.authority import Terms

GB = 1 << 30
MB = 1 << 20
STREAM = "UNS"


@dataclass(frozen=True, slots=True)
class Settings:
    """Folders and limits of one installation; sizes in bytes."""

    folder: Path
    history: Path
    retention: Retention = field(default_factory=Retention)
    archive: ArchivePlan | None = None
    backup: BackupPlan | None = None
    plant_file: Path | None = None  # or its folder, to be backed up as well
    stream_bytes: int = 2 * GB
    bus_memory: int = 256 * MB
    bus_url: str = ""
    bus_path: str = "bus"  # our own's folder, below `folder` where it is relative
    bus_login: Secret | None = None  # at `bus_url`
    bus_host: str = "127.0.0.1"
    bus_port: int = 0  # any that is free
    sync: Literal["always"] | float = 10.0
    host: str = "127.0.0.1"
    port: int = 8800
    seal_seconds: float = 60.0
    engine: str = "lake"  # what keeps history
    history_options: Mapping[str, object] = field(default_factory=dict)
    pki: Terms = field(default_factory=Terms)

    @classmethod
    def of(cls, plant: Plant, folder: Path, file: Path | None = None) -> Settings:
        """The settings of `plant` whose data lives under `folder`, read from `file`."""
        bus, history, web = plant.bus, plant.history, plant.web
        login = {key: text for key, text in _login(bus).items() if text}
        host, _, port = str(web.get("listen") or "127.0.0.1:8800").rpartition(":")
        bus_host, bus_port = "127.0.0.1", 0
        if plant.edges or plant.readers:
            bus_host, bus_port = host_and_port(str(bus.get("listen") or "127.0.0.1:4222"))
        return cls(
            folder=folder,
            history=folder / str(history.get("path") or "history"),
            retention=Retention.of(history, root=f"{plant.enterprise}/{plant.site}"),
            archive=ArchivePlan.of(history, folder),
            backup=backup_plan(history, folder),
            plant_file=file,
            stream_bytes=_bytes(bus, "disk", 2 * GB),
            bus_memory=_bytes(bus, "memory", 256 * MB),
            bus_url=str(bus.get("url") or ""),
            bus_path=str(bus.get("path") or "bus"),
            bus_login=Secret.model_validate(login) if login else None,
            bus_host=bus_host,
            bus_port=bus_port,
            sync="always" if bus.get("sync") == "always" else 10.0,
            host=host.strip("[]") or "127.0.0.1",
            port=int(port),
            engine=str(history.get("engine") or "lake"),
            history_options=history,
            pki=terms_of(plant.pki),
        )

    @classmethod
    def of_edge(cls, plant: Plant, edge: Edge, folder: Path) -> Settings:
        """The settings of `edge`: a bus of its own on this machine alone, and no history."""
        bus = plant.bus
        return cls(
            folder=folder,
            history=folder / "history",
            stream_bytes=edge.disk,
            bus_memory=_bytes(bus, "memory", 256 * MB),
            sync="always" if bus.get("sync") == "always" else 10.0,
            pki=Terms(life=terms_of({**plant.pki, "passphrase": None}).life),
        )


def _login(bus: Mapping[str, object]) -> Mapping[str, object]:
    found = bus.get("credentials")
    return found if isinstance(found, Mapping) else {}


def _bytes(section: Mapping[str, object], key: str, default: int) -> int:
    value = section.get(key)
    return int(value) if isinstance(value, int | float) else default
