"""Samples as a flow of Arrow batches: an answer of any length in the memory of one piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from isthmus.historian.port import Samples
from isthmus.historian.query.question import Question
from isthmus.historian.query.reading import pieces
from isthmus.historian.query.table import samples_table
from isthmus.model.errors import LinkError, Refused
from isthmus.model.sample import TagId
from isthmus.model.tag import Tag

END = b"\xff\xff\xff\xff\x00\x00\x00\x00"  # of an Arrow IPC stream


def flow(
    samples: Samples, tags: Mapping[TagId, Tag], question: Question
) -> Iterator[pa.RecordBatch]:
    """The samples themselves by time, a batch for each piece; the first one may be empty.

    Raises Refused once there are more than `question.rows`, after what came before them.
    """
    ids = np.array(sorted(tags), np.int32)
    found = 0
    for rows in pieces(samples, ids, question.start, question.end):
        found += len(rows)
        if found > question.rows:
            raise Refused(
                f"there are more than {question.rows:,} samples",
                hint="allow more `rows`, ask for less time, fewer tags, or aggregates `every` 1min",
            )
        ordered = rows.where(np.argsort(rows.time, kind="stable"))
        yield from samples_table(ordered, tags).combine_chunks().to_batches() or [
            pa.RecordBatch.from_pylist([], samples_table(ordered, tags).schema)
        ]


def arrow_parts(batches: Iterator[pa.RecordBatch]) -> Iterator[bytes]:
    """An Arrow IPC stream, written as it is read; its end mark says that it is whole."""
    sink = _Parts()
    writer = None
    for batch in batches:
        writer = writer or pa.ipc.new_stream(pa.PythonFile(sink, "w"), batch.schema)
        writer.write_batch(batch)
        yield sink.take()
    if writer is not None:
        writer.close()
        yield sink.take()


class Whole:
    """A file to read an Arrow stream from; LinkError where it ends without its end mark."""

    closed = False

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name, self._last = file, name, b""

    def read(self, size: int = -1) -> bytes:
        """So many bytes, fewer only at the end."""
        parts, missing = [], size
        while missing:
            try:
                part = self._file.read(missing if size >= 0 else -1)
            except Exception as error:
                raise self._broken(str(error) or type(error).__name__) from error
            if not part:
                break
            parts.append(part)
            missing = missing - len(part) if size >= 0 else missing
        found = b"".join(parts)
        self._last = (self._last + found[-len(END) :])[-len(END) :]
        return found

    def batches(self) -> Iterator[pa.RecordBatch]:
        """At least one batch, which may be empty."""
        try:
            reader = pa.ipc.open_stream(pa.PythonFile(self, "r"))
            first = True
            for batch in reader:
                first = False
                yield batch
            if first:
                yield pa.RecordBatch.from_pylist([], reader.schema)
        except (pa.ArrowException, OSError) as error:
            raise self._broken(str(error)) from error
        if self._last != END:
            raise self._broken("it ended without its end mark")

    def _broken(self, why: str) -> LinkError:
        return LinkError(
            f"reading the answer of {self._name}: it broke off ({why})",
            hint="what came is not the whole answer; ask again, the site's log says why",
        )

    def close(self) -> None:
        """Let go of the connection."""
        self.closed = True
        self._file.close()


class _Parts:
    """What a writer wrote since it was last taken."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep a copy."""
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """All of it, once."""
        whole = b"".join(self._parts)
        self._parts.clear()
        return whole

    def flush(self) -> None:
        """Nothing waits."""
