"""What is written stays written, even when the power fails."""

from __future__ import annotations

import os
from pathlib import Path


def fsync(path: Path) -> None:
    """Make a file or folder durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
