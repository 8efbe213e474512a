"""The catalogue: which id stands for which tag, kept on disk for as long as the data lives.

A tag id outlives the process in every frame and file. So an id is made durable before anything
uses it, and a tag that left the plant file keeps its id for ever.
"""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus.model.errors import StorageError
from isthmus.model.tag import Namespace, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = 1


@dataclass(slots=True)
class Catalogue:
    """The namespace of one installation and the file that remembers it."""

    file: Path
    epoch: str
    namespace: Namespace = field(default_factory=Namespace)

    @classmethod
    def open(cls, file: Path) -> Catalogue:
        """The catalogue that `file` remembers, a new one where there is none.

        Raises StorageError where the file is damaged: guessing ids would mix up histories.
        """
        if not file.exists():
            return cls(file, epoch=uuid.uuid4().hex)
        try:
            kept = json.loads(file.read_text("utf-8"))
            found = cls(file, epoch=str(kept["epoch"]))
            for path in kept["paths"]:
                found.namespace.bind(Tag(str(path)))
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"reading the catalogue {file}: {error}",
                hint="restore it from a backup; the history beside it needs its tag ids",
            ) from error
        return found

    def bind(self, tags: Iterable[Tag]) -> None:
        """Give every tag its id, durably."""
        before = len(self.namespace)
        for tag in tags:
            self.namespace.bind(tag)
        if len(self.namespace) > before or not self.file.exists():
            self._save()

    def _save(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(
            {"format": FORMAT, "epoch": self.epoch, "paths": list(self.namespace.paths())}, indent=0
        )
        write_durably(self.file, text.encode())


def write_durably(file: Path, data: bytes) -> None:
    """Replace `file` by `data` so that a power cut leaves the old content or the new, whole."""
    fresh = file.with_name(file.name + ".new")
    with fresh.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
