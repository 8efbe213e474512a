"""Opens the history that the plant file chooses, and tells others where it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from isthmus.historian import engines
from isthmus.historian.engines import Wanted
from isthmus.historian.port import Historian
from isthmus.model.errors import ConfigError
from isthmus.model.path import nearest
from isthmus.model.sample import Clock
from isthmus.runtime.config.parts import install_line
from isthmus.runtime.settings import Settings

GROUP = "isthmus.historians"
TOLD = "historian.json"  # in the data folder: which engine holds this plant's history
OURS: dict[str, Callable[[Wanted], Historian]] = {
    "lake": engines.lake,
    "postgresql": engines.postgresql,
}


@dataclass(frozen=True, slots=True)
class HistoryPlace:
    """Where the history of an installation is, for tools that run beside it or without it."""

    engine: str = "lake"
    place: str = ""

    @classmethod
    def of(cls, folder: Path) -> HistoryPlace:
        """What the site of this data folder said when it last started."""
        with suppress(OSError, ValueError, TypeError):
            return cls(**json.loads((folder / TOLD).read_text("utf-8")))
        return cls()

    def require_lake(self, doing: str) -> None:
        """ConfigError where there are no files to do it with."""
        if self.engine != "lake":
            raise ConfigError(
                f"{doing}: this plant's history is no files, {self.engine} keeps it"
                + (f" at {self.place}" if self.place else ""),
                hint="start the site and ask it, or ask that server itself: the views are "
                "`samples`, `tags`, `events`, `latest` and `kpi`",
            )


def open_historian(settings: Settings, now: Clock) -> Historian:
    """The history of these settings; ConfigError, AuthError or StorageError where it cannot be."""
    engine = settings.engine
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if engine not in OURS and engine not in found:
        known = sorted({*OURS, *found})
        near = nearest(engine, known)
        raise ConfigError(
            f"no engine of history is called `{engine}`",
            hint=f"did you mean `{near}`?" if near else f"installed: {', '.join(known)}",
        )
    make = OURS.get(engine) or found[engine].load()
    try:
        opened: Historian = make(
            Wanted(
                settings.history,
                settings.retention,
                settings.seal_seconds,
                settings.history_options,
                now,
                settings.archive,
            )
        )
    except ModuleNotFoundError as error:
        raise _missing(engine, error, found.get(engine)) from error
    told = HistoryPlace(engine, _place(settings))
    settings.folder.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):  # a full disk is told elsewhere
        text = json.dumps({"engine": told.engine, "place": told.place})
        (settings.folder / TOLD).write_text(text, "utf-8")
    return opened


def _missing(engine: str, error: ModuleNotFoundError, entry: EntryPoint | None) -> ConfigError:
    line = install_line(engine, error.name or "", entry.dist if entry else None)
    if entry is None:
        line = f"pip install 'isthmus[{engine}]'"
    return ConfigError(
        f"history in {engine} needs `{error.name}`, which is not installed",
        hint=f"install it: {line}",
    )


def _place(settings: Settings) -> str:
    if settings.engine == "postgresql":
        return engines.postgresql_settings(settings.history_options).place
    return ""


def probe_historian(settings: Settings) -> str:
    """What the engine of these settings says when it is asked; IsthmusError where it fails."""
    if settings.engine != "postgresql":
        return ""
    try:
        from isthmus.historian.postgresql.visit import visit  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise _missing("postgresql", error, None) from error
    return visit(engines.postgresql_settings(settings.history_options))
