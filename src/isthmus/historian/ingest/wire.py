"""Samples on their way to a site: Arrow IPC with the paths of the tags in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from isthmus.model.errors import Refused
from isthmus.model.sample import Batch

MOST_ROWS = 100_000
SCHEMA = pa.schema(
    [
        pa.field("path", pa.dictionary(pa.int32(), pa.string())),
        pa.field("time", pa.timestamp("ns", "UTC")),
        pa.field("value", pa.float64()),
        pa.field("quality", pa.uint32()),
    ]
)


def pack(batch: Batch, paths: Sequence[str]) -> bytes:
    """The Arrow stream of `batch`, whose tag ids are places in `paths`."""
    tags = pa.DictionaryArray.from_arrays(pa.array(batch.tag), pa.array(paths, pa.string()))
    columns = [
        tags,
        pa.array(batch.time).cast(SCHEMA.field("time").type),
        pa.array(batch.value),
        pa.array(batch.quality),
    ]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, SCHEMA) as out:
        out.write_table(pa.table(columns, schema=SCHEMA))
    return bytes(sink.getvalue())


def unpack(data: bytes, id_of: Callable[[str], int | None]) -> tuple[Batch, list[str]]:
    """The samples in an Arrow stream with the ids of `id_of`, and paths that have none.

    Raises Refused for anything that is no such stream or holds too many rows.
    """
    try:
        with pa.ipc.open_stream(data) as reader:
            schema, batches, rows = reader.schema, [], 0
            for batch in reader:
                rows += batch.num_rows
                if rows > MOST_ROWS:
                    raise Refused(
                        f"importing more than {MOST_ROWS:,} samples at once",
                        hint="send them in parts",
                    )
                batches.append(batch)
        table = pa.Table.from_batches(batches, schema).unify_dictionaries().combine_chunks()
        path = table["path"].cast(SCHEMA.field("path").type).combine_chunks()
        time = table["time"].cast(SCHEMA.field("time").type).cast(pa.int64())
        value, quality = table["value"].cast(pa.float64()), table["quality"].cast(pa.uint32())
    except (pa.ArrowException, KeyError, ValueError, OSError) as error:
        raise Refused(
            f"importing: {error}",
            hint="an Arrow IPC stream of path (dictionary), time (ns UTC), value, quality",
        ) from error
    if not table.num_rows:
        return Batch.empty(), []
    if isinstance(path, pa.ChunkedArray):
        path = path.chunk(0)
    if path.null_count or time.null_count or quality.null_count:
        raise Refused("importing: a path, time or quality is null", hint="leave such rows out")
    names = path.dictionary.to_pylist()
    used = np.unique(path.indices.to_numpy()).tolist()
    ids = [id_of(name) if name else None for name in names]
    unknown = [names[place] for place in used if ids[place] is None]
    own = np.array([-1 if number is None else number for number in ids], np.int32)
    batch = Batch(
        own[path.indices.to_numpy()],
        time.to_numpy(),
        value.fill_null(np.nan).to_numpy(),
        quality.to_numpy(),
    )
    return batch, unknown
