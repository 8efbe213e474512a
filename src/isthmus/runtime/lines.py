"""Files of JSON lines that only grow: each line is whole on disk, or not there at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

from isthmus.model.errors import StorageError


def add_line(file: Path, told: object, doing: str) -> None:
    """Write `told` behind the last line; it is on disk on return.

    StorageError, which says what was being done, leaves the file as it was.
    """
    line = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab", buffering=0) as out:  # a buffer would write its rest when it is closed
            start = out.tell()
            try:
                rest = memoryview(line)
                while rest:
                    rest = rest[out.write(rest) :]
                os.fsync(out.fileno())
            except OSError:
                os.truncate(file, start)
                raise
    except OSError as error:
        raise StorageError(
            f"{doing} {file}: {error}",
            hint="is there space, and may the data folder be written?",
        ) from error
