"""Small values by key, stored as NATS key-value buckets are (ADR-8): any NATS tool reads them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

import nats.errors

from isthmus.bus.consumer import Reader
from isthmus.bus.jetstream import ask, failure, find
from isthmus.bus.port import Entry
from isthmus.bus.stream import looked_up
from isthmus.model.errors import LinkError, StorageError

if TYPE_CHECKING:
    from isthmus.bus.client import Bus

_KEY = re.compile(r"[-/_=.a-zA-Z0-9]+")
_PAGE = 10_000
_MARKS = frozenset({"KV-Operation", "Nats-Marker-Reason"})  # a key's end, ADR-8 and ADR-43


async def open_bucket(bus: Bus, name: str, *, replicas: int, max_bytes: int) -> Bucket:
    """The bucket of this name, made where there is none."""
    stream = f"KV_{name}"
    if await find(bus, f"STREAM.INFO.{stream}", {}) is None:
        body = {
            "name": stream,
            "subjects": [f"$KV.{name}.>"],
            "max_msgs_per_subject": 1,
            "max_bytes": max_bytes,
            "discard": "new",
            "storage": "file",
            "retention": "limits",
            "allow_rollup_hdrs": True,
            "deny_delete": True,
            "allow_direct": True,
            "num_replicas": replicas,
        }
        await ask(bus, f"STREAM.CREATE.{stream}", body)
    return Bucket(bus, name)


class Bucket:
    """The values of one bucket."""

    def __init__(self, bus: Bus, name: str) -> None:
        self.name = name
        self._bus = bus
        self._stream = f"KV_{name}"
        self._prefix = f"$KV.{name}."

    async def put(self, key: str, value: bytes) -> int:
        """The revision under which `value` is kept."""
        stored = await self._store(key, value, {})
        if stored is None:
            raise StorageError(f"putting {key}: refused for its revision")
        return stored

    async def swap(self, key: str, value: bytes, *, revision: int) -> int | None:
        """Put only where the key's last revision is `revision` (0: no such key); else None."""
        return await self._store(key, value, {"Nats-Expected-Last-Subject-Sequence": str(revision)})

    async def delete(self, key: str) -> None:
        """Forget the key's value; watchers see it."""
        await self._store(key, b"", {"KV-Operation": "DEL"})

    async def _store(self, key: str, value: bytes, headers: dict[str, str]) -> int | None:
        subject = self._prefix + valid(key)
        answer = await self._bus.request(subject, value, headers=headers or None)
        if (failed := failure(answer.data, answer.headers)) is None:
            return int(json.loads(answer.data)["seq"])
        if failed.wrong_last:
            return None
        raise failed.error(f"putting {key} into {self.name}")

    async def get(self, key: str) -> Entry | None:
        """What the key holds, None where there is none."""
        body = {"last_by_subj": self._prefix + valid(key)}
        answer = await find(self._bus, f"STREAM.MSG.GET.{self._stream}", body)
        if answer is None or _MARKS & (found := looked_up(answer)).headers.keys():
            return None
        return Entry(key, found.data, found.seq)

    async def keys(self) -> Sequence[str]:
        """All keys that hold a value, sorted."""
        return sorted([entry.key for entry in await self.entries()])

    async def entries(self) -> list[Entry]:
        """All keys that hold a value, with it."""
        found: dict[str, Entry] = {}
        reader = self._reader("")
        try:
            waiting = await reader.open(0, last_per_subject=True)
            while waiting > 0:
                taken = await reader.take_entries(self._prefix)
                waiting -= len(taken)
                found |= {entry.key: entry for entry in taken}
        finally:
            await reader.close()
        return [entry for entry in found.values() if entry.value is not None]

    async def watch(self, prefix: str = "") -> AsyncIterator[Entry]:
        """All that the bucket holds under `prefix`, then each change; heals like a reader."""
        revision = -1
        while True:
            reader = self._reader(prefix)
            try:
                await self._bus.connected()
                await reader.open(revision + 1, last_per_subject=revision < 0)
                while True:
                    for entry in await reader.take_entries(self._prefix):
                        revision = max(revision, entry.revision)
                        yield entry
            except (LinkError, nats.errors.Error, OSError):
                if self._bus.closed:
                    return
                await asyncio.sleep(0.1)
            finally:
                await reader.close()

    def _reader(self, prefix: str) -> EntryReader:
        filters = f"{self._prefix}{valid(prefix)}.>" if prefix else f"{self._prefix}>"
        return EntryReader(self._bus, self._stream, batch=_PAGE, max_bytes=8 << 20, filters=filters)


class EntryReader(Reader):
    """A reader that understands a bucket's messages."""

    async def take_entries(self, prefix: str) -> list[Entry]:
        """What has arrived, as entries; a deleted key has no value."""
        return [
            Entry(
                message.subject.removeprefix(prefix),
                None if _MARKS & message.headers.keys() else message.data,
                message.seq,
            )
            for message in await self.take()
        ]


def valid(key: str) -> str:
    """`key` where it is one; ValueError else."""
    if not _KEY.fullmatch(key) or key[0] == "." or key[-1] == "." or ".." in key:
        raise ValueError(f"`{key}` is no key: letters, digits and - / _ = . only")
    return key
