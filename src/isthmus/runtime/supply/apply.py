"""A configuration put in the place of another, and that one put back."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus.model.access import OWNER
from isthmus.model.errors import ConfigError, IsthmusError, Refused
from isthmus.model.record import Fact, Kind
from isthmus.runtime.config import lint
from isthmus.runtime.config.files import plant_files
from isthmus.runtime.supply.bundle import FOLDER, Bundle
from isthmus.trust.pki.files import write_private

if TYPE_CHECKING:
    from isthmus.runtime.app import App

log = logging.getLogger(__name__)

BEFORE, RUNNING, APPLIED = "before", "running.json", "applied.json"
KEPT = 10  # configurations that were replaced


def replace(plant: Path, bundle: Bundle, data: Path) -> Path:
    """Put the bundle's files in place of those of `plant`; the folder that keeps these.

    ConfigError with all mistakes where the bundle's plant has some: then nothing has changed.
    """
    if bundle.folder != plant.is_dir():
        shape = "a folder of files" if bundle.folder else "one file"
        raise ConfigError(f"the bundle holds {shape}, and {plant} is otherwise")
    _require_sound(bundle)
    kept = _keep(plant, data)
    _write(plant, dict(bundle.files))
    told = {"sha256": bundle.sha256, "note": bundle.note, "by": bundle.by}
    write_private(data / FOLDER / APPLIED, json.dumps(told).encode())
    return kept


def put_back(plant: Path, data: Path) -> Path:
    """Put back what the last `replace` took away; Refused where nothing is kept."""
    kept = sorted((data / FOLDER / BEFORE).glob("*"))
    if not kept:
        raise Refused("no earlier configuration is kept here", hint="`isthmus config apply` keeps")
    last = kept[-1]
    _write(plant, {file.name: file.read_bytes() for file in sorted(last.iterdir())})
    (data / FOLDER / APPLIED).unlink(missing_ok=True)
    shutil.rmtree(last)
    return last


def fingerprint(plant: Path) -> str:
    """The SHA-256 over names and contents of the plant's files."""
    digest = hashlib.sha256()
    for file in plant_files(plant):
        content = file.read_bytes()
        digest.update(f"{file.name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


async def note_configuration(app: App) -> None:
    """Record, once the site runs, that it runs with another plant file than before."""
    plant = app.settings.plant_file
    if plant is None:
        return
    try:
        _note(app, plant, app.settings.folder)
    except (IsthmusError, OSError) as error:
        log.error("recording the plant file: %s", error)  # noqa: TRY400 - it says all


def _note(app: App, plant: Path, data: Path) -> None:
    folder = data / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    now, before = fingerprint(plant), _told(folder / RUNNING).get("sha256", "")
    if now == before:
        return
    bundle = _told(folder / APPLIED)
    text = "the plant file is another than at the last start" if before else "the first plant file"
    facts: dict[str, Fact] = {
        "sha256": now,
        "before": before,
        "bundle": bundle.get("sha256", ""),
        "note": bundle.get("note", ""),
    }
    app.trust.ledger.record(Kind.CONFIGURATION, OWNER, text, about=plant.name, facts=facts)
    write_private(folder / RUNNING, json.dumps({"sha256": now}).encode())


def _keep(plant: Path, data: Path) -> Path:
    place = data / FOLDER / BEFORE
    kept = place / f"{time.time_ns()}"
    kept.mkdir(parents=True, mode=0o700)
    for file in plant_files(plant):
        write_private(kept / file.name, file.read_bytes())
    for old in sorted(place.glob("*"))[:-KEPT]:
        shutil.rmtree(old)
    return kept


def _write(plant: Path, files: dict[str, bytes]) -> None:
    """Each file whole or not at all, what is no longer there last."""
    if not plant.is_dir():
        (content,) = files.values()
        _swap(plant, content)
        return
    for name, content in files.items():
        _swap(plant / name, content)
    for file in plant_files(plant):
        if file.name not in files:
            file.unlink()


def _swap(file: Path, content: bytes) -> None:
    draft = file.with_name(f".{file.name}.new")
    draft.write_bytes(content)
    if file.exists():
        shutil.copymode(file, draft)
    draft.replace(file)


def _require_sound(bundle: Bundle) -> None:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for file, content in bundle.files.items():
            (place / file).write_bytes(content)
        plant = place if bundle.folder else place / next(iter(bundle.files))
        _, mistakes = lint(plant)
    if mistakes:
        many = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise ConfigError(f"the bundle's plant has {many}", hint=mistakes[0].hint)


def _told(file: Path) -> dict[str, str]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
