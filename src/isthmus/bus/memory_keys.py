"""Buckets of small values in this process's memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from isthmus.bus.keyvalue import valid
from isthmus.bus.port import Entry


class MemoryBucket:
    """A bucket of small values by key."""

    def __init__(self, closed: asyncio.Event) -> None:
        self._entries: dict[str, Entry] = {}  # in the order of their revisions
        self._revision = 0
        self._changed = asyncio.Event()
        self._closed = closed

    async def put(self, key: str, value: bytes) -> int:
        """The revision under which `value` is kept."""
        return self._set(key, value)

    async def swap(self, key: str, value: bytes, *, revision: int) -> int | None:
        """Put only where the key's last revision is `revision` (0: no such key); else None."""
        known = self._entries.get(valid(key))
        if (known.revision if known else 0) != revision:
            return None
        return self._set(key, value)

    async def get(self, key: str) -> Entry | None:
        """What the key holds, None where there is none."""
        known = self._entries.get(valid(key))
        return known if known is not None and known.value is not None else None

    async def delete(self, key: str) -> None:
        """Forget the key's value; watchers see it."""
        self._set(key, None)

    async def keys(self) -> Sequence[str]:
        """All keys that hold a value, sorted."""
        return sorted(key for key, entry in self._entries.items() if entry.value is not None)

    async def watch(self, prefix: str = "") -> AsyncIterator[Entry]:
        """All that the bucket holds under `prefix`, then each change."""
        seen, under = 0, f"{prefix}." if prefix else ""
        while not self._closed.is_set():
            new = [entry for entry in self._entries.values() if entry.revision > seen]
            for entry in new:
                seen = entry.revision
                if entry.key.startswith(under):
                    yield entry
            if not new:
                self._changed.clear()
                await first(self._changed, self._closed)

    def _set(self, key: str, value: bytes | None) -> int:
        self._entries.pop(valid(key), None)
        self._revision += 1
        self._entries[key] = Entry(key, value, self._revision)
        self._changed.set()
        return self._revision


async def first(*events: asyncio.Event) -> None:
    """Return when one of `events` is set."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
