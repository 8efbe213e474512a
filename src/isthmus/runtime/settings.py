"""What the plant file says about this installation, with the defaults that suit a laptop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from isthmus.model.plant import Plant

GB = 1 << 30
MB = 1 << 20
STREAM = "UNS"


@dataclass(frozen=True, slots=True)
class Settings:
    """Folders and limits of one installation; sizes in bytes."""

    folder: Path
    history: Path
    stream_bytes: int = 2 * GB
    bus_memory: int = 256 * MB
    bus_url: str = ""
    bus_host: str = "127.0.0.1"
    bus_port: int = 0  # any that is free
    sync: Literal["always"] | float = 10.0
    host: str = "127.0.0.1"
    port: int = 8800
    seal_seconds: float = 60.0

    @classmethod
    def of(cls, plant: Plant, folder: Path) -> Settings:
        """The settings of `plant` whose data lives under `folder`."""
        bus, history, web = plant.bus, plant.history, plant.web
        host, _, port = str(web.get("listen") or "127.0.0.1:8800").rpartition(":")
        return cls(
            folder=folder,
            history=folder / str(history.get("path") or "history"),
            stream_bytes=_bytes(bus, "disk", 2 * GB),
            bus_memory=_bytes(bus, "memory", 256 * MB),
            bus_url=str(bus.get("url") or ""),
            sync="always" if bus.get("sync") == "always" else 10.0,
            host=host.strip("[]") or "127.0.0.1",
            port=int(port),
        )


def _bytes(section: Mapping[str, object], key: str, default: int) -> int:
    value = section.get(key)
    return int(value) if isinstance(value, int | float) else default
