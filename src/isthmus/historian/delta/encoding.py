"""How each column of a file is packed, chosen by trying it on rows like those to come.

Which packing is small depends on the plant: times of one poll repeat from tag to tag (dictionary),
times of changes do not (delta); set-points repeat, walks do not. Only what every Parquet reader of
the last years knows is tried; a file says of itself how it is packed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from isthmus.historian.columns import SAMPLES, encode
from isthmus.model.sample import Batch

DICTIONARY, DELTA, PLAIN = "RLE_DICTIONARY", "DELTA_BINARY_PACKED", "PLAIN"
SPLIT = "BYTE_STREAM_SPLIT"
CHOICES: Mapping[str, tuple[str, ...]] = {  # the first where none is clearly better
    "tag": (DICTIONARY, DELTA),
    "time": (DELTA, DICTIONARY),
    "sub_ns": (DICTIONARY, DELTA),
    "value": (DICTIONARY, SPLIT, PLAIN),
    "exact": (DELTA, DICTIONARY),
    "status": (DICTIONARY,),
    "seq": (DICTIONARY,),
}
CLEARLY = 0.97  # of the size before
SEALED, MERGED = 1, 4  # zstd levels: for minutes or hours, for years
TRIED = {SEALED: 8_192, MERGED: 32_768}  # rows
FIXED: dict[str, Any] = {
    "compression": "zstd",
    "data_page_size": 1 << 18,
    "store_decimal_as_integer": True,
    "write_page_index": True,
    "write_page_checksum": True,
}


def options(like: Batch, level: int) -> dict[str, Any]:
    """How to write a file of arranged rows `like` these, as the Parquet writer takes it."""
    middle = max(0, (len(like) - TRIED[level]) // 2)
    rows = encode(like.slice(middle, middle + TRIED[level]), 0)
    chosen = {name: _smallest(rows, name, level) for name in SAMPLES.names}
    return {
        **FIXED,
        "compression_level": level,
        "use_dictionary": [name for name, packing in chosen.items() if packing == DICTIONARY],
        "column_encoding": {
            name: packing for name, packing in chosen.items() if packing != DICTIONARY
        },
    }


def _smallest(rows: pa.RecordBatch, name: str, level: int) -> str:
    first, *others = CHOICES[name]
    column = rows.column(name)
    if not others or column.null_count == len(column):
        return first
    best, size = first, _size(column, name, first, level)
    for packing in others:
        if (tried := _size(column, name, packing, level)) < size * CLEARLY:
            best, size = packing, tried
    return best


def _size(column: pa.Array, name: str, packing: str, level: int) -> int:
    """Bytes of the column in a file of its own."""
    out = pa.BufferOutputStream()
    table = pa.Table.from_arrays([column], schema=pa.schema([SAMPLES.field(name)]))
    how: dict[str, Any] = (
        {"use_dictionary": True}
        if packing == DICTIONARY
        else {"use_dictionary": False, "column_encoding": {name: packing}}
    )
    pq.write_table(table, out, compression_level=level, **FIXED, **how)
    return int(out.tell())
