"""Faults on demand: whoever asks writes them to a file, which the plant reads each second."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from isthmus.demo.physics.plant import Fault
from isthmus.model.errors import ConfigError, StorageError

NETWORK_FOR = 30.0  # seconds of real time that the network fault lasts

_FILE = "faults.json"
_SAID = {
    Fault.BEARING: "the capper's bearing wears out: watch its vibration and bearing temperature; "
    "it breaks down within half an hour of the plant's time",
    Fault.LEAK: "a compressed-air hose leaks: the compressor runs more, pressure and base load "
    "show it",
    Fault.SENSOR_FREEZE: "the filler's fill-volume sensor is frozen: its value stands still and "
    "still calls itself good",
    Fault.NETWORK: f"the capper's PLC and the packer's edge node are cut off for "
    f"{NETWORK_FOR:.0f} s",
}


def send(folder: Path | str, fault: str, *, on: bool = True) -> str:
    """One sentence on what the demo plant in `folder` does from now on.

    ConfigError where there is no such fault or no plant, StorageError where the folder refuses.
    """
    if fault not in set(Fault):
        raise ConfigError(
            f"setting a fault: there is no fault `{fault[:40]}`",
            hint="faults are " + ", ".join(Fault),
        )
    folder = Path(folder)
    if not (folder / "plant.yaml").is_file():
        raise ConfigError(
            f"setting fault {fault}: no demo plant in {folder}", hint="start it: isthmus demo"
        )
    wished = Fault(fault)
    faults = _read(folder)
    if on:
        faults[wished] = time.time()
    else:
        faults.pop(wished, None)
    beside = folder / f"{_FILE}.{os.getpid()}"
    try:
        beside.write_text(json.dumps(faults), encoding="utf-8")
        beside.replace(folder / _FILE)
    except OSError as error:
        raise StorageError(
            f"setting fault {fault}: {error}", hint=f"may this user write to {folder}?"
        ) from error
    return _SAID[wished] if on else f"{fault} is cleared"


def faults_of(folder: Path) -> frozenset[Fault]:
    """The faults that are on now; the network's ends by itself."""
    now = time.time()
    return frozenset(
        fault
        for fault, since in _read(folder).items()
        if fault is not Fault.NETWORK or 0 <= now - since < NETWORK_FOR
    )


def _read(folder: Path) -> dict[Fault, float]:
    try:
        written = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # none was ever set, or the file is not ours: no fault
    if not isinstance(written, dict):
        return {}
    return {
        Fault(name): float(since)
        for name, since in written.items()
        if name in set(Fault) and isinstance(since, int | float)
    }
