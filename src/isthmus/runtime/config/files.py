"""The files of one plant, merged into one tree whose values know where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from isthmus.model.errors import ConfigError, Mistake
from isthmus.runtime.config.document import MAX_BYTES, Written, read

MAX_FILES = 500
MERGED = {"equipment": 2, "people": 2, "types": 1, "connections": 1, "calendars": 1, "zones": 1}
"""How deep sections of several files grow together; deeper, the same key is a mistake."""


def read_plant(
    path: Path, instead: Mapping[Path, bytes] = MappingProxyType({})
) -> tuple[Written, list[Mistake]]:
    """All that the file, or the folder of `*.yaml` in name order, says; and the mistakes.

    `instead` is what some files shall hold, read in place of what they do. ConfigError where
    there is nothing to read.
    """
    root, mistakes = Written(str(path), 1, entries={}), []
    for file in plant_files(path):
        try:
            content = instead[file] if file in instead else read_bytes(file)
        except OSError as error:
            mistakes.append(Mistake(str(file), 1, f"reading the file: {error.strerror}"))
            continue
        found, wrong = read(content, str(file))
        mistakes += wrong
        _merge(root, found, mistakes)
    if root.entries:
        first = next(iter(root.entries.values()))
        root.file = first.file
    return root, mistakes


def read_bytes(file: Path) -> bytes:
    """What `file` holds, cut just beyond the size that is refused."""
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def plant_files(path: Path) -> list[Path]:
    """The files that make the plant at `path`; ConfigError where there are none."""
    if not path.exists():
        raise ConfigError(
            f"reading {path}: there is no such file",
            hint=f"`isthmus new plant --to {path}` writes one; or name yours",
        )
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix in {".yaml", ".yml"})
    if not files:
        raise ConfigError(
            f"reading {path}: the folder has no *.yaml file",
            hint=f"`isthmus new plant --to {path / 'plant.yaml'}` writes one",
        )
    if len(files) > MAX_FILES:
        raise ConfigError(f"reading {path}: more than {MAX_FILES} files", hint="merge some")
    return files


def _merge(root: Written, found: Written, mistakes: list[Mistake]) -> None:
    """Add to `root` what another file says."""
    known = root.entries if root.entries is not None else {}
    for key, entry in (found.entries or {}).items():
        first = known.get(key)
        if first is not None and key == "isthmus" and first.value == entry.value:
            continue
        if first is not None and key == "conduits" and first.items and entry.items:
            first.items.extend(entry.items)
            continue
        known[key] = _together(key, first, entry, MERGED.get(key, 0), mistakes)


def _together(
    key: str, first: Written | None, entry: Written, depth: int, mistakes: list[Mistake]
) -> Written:
    """Both values of `key` as one; a mistake where only one can be."""
    if first is None:
        return entry
    if depth == 0 or first.entries is None or entry.entries is None:
        also = f"it is also in {first.file}:{first.line}: keep one of them"
        mistakes.append(Mistake(entry.file, entry.line, f"`{key}` stands in two files", also))
        return first
    both = dict(first.entries)
    for name, below in entry.entries.items():
        both[name] = _together(name, both.get(name), below, depth - 1, mistakes)
    return replace(first, entries=both)
