"""The table of tags, which every engine keeps beside the samples."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

import pyarrow as pa

from isthmus.model.sample import TagId
from isthmus.model.tag import Tag

TAGS = pa.schema(
    [
        pa.field("tag", pa.int32(), nullable=False),
        pa.field("path", pa.string(), nullable=False),
        pa.field("equipment", pa.string()),
        pa.field("name", pa.string()),
        pa.field("unit", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("role", pa.string()),
        pa.field("counter", pa.bool_()),
        pa.field("legend", pa.string()),  # a JSON object of number to word
        pa.field("description", pa.string()),
        pa.field("range_low", pa.float64()),  # of the instrument, in `unit`
        pa.field("range_high", pa.float64()),
        pa.field("normal_low", pa.float64()),  # of a healthy machine
        pa.field("normal_high", pa.float64()),
        pa.field("area", pa.string()),  # levels of ISA-95 above the tag, null where there is none
        pa.field("line", pa.string()),
        pa.field("work_unit", pa.string()),
        pa.field("module", pa.string()),
        pa.field("type", pa.string()),  # of the equipment, as the plant file names it
        pa.field("title", pa.string()),  # of the equipment, for people
        pa.field("low_low", pa.float64()),  # limits of the process (ISA-18.2), in `unit`
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("high_high", pa.float64()),
    ]
)
LEVELS = ("area", "line", "work_unit", "module")


def encode_tags(tags: Iterable[tuple[TagId, Tag]]) -> pa.Table:
    """The table of schema `TAGS`, by id."""
    rows = [_row(number, tag) for number, tag in sorted(tags, key=lambda pair: pair[0])]
    return pa.Table.from_pylist(rows, schema=TAGS)


def _row(number: TagId, tag: Tag) -> dict[str, object]:
    levels = tag.equipment.split("/") if tag.equipment else []
    return {
        "tag": int(number),
        "path": tag.path,
        "equipment": tag.equipment,
        "name": tag.name,
        "unit": tag.unit,
        "kind": tag.kind.value,
        "role": tag.role,
        "counter": tag.counter is not None,
        "legend": json.dumps(dict(tag.legend)) if tag.legend else None,
        "description": tag.description,
        "range_low": tag.range[0] if tag.range else None,
        "range_high": tag.range[1] if tag.range else None,
        "normal_low": tag.normal[0] if tag.normal else None,
        "normal_high": tag.normal[1] if tag.normal else None,
        **dict(zip(LEVELS, levels, strict=False)),
        "type": tag.type or None,
        "title": tag.title or None,
        **asdict(tag.limits),
    }
