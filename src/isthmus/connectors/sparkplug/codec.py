"""Sparkplug B payloads: bytes to messages and back."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import DecodeError

from isthmus.connectors.sparkplug.datatype import FIELD, DataType, raw
from isthmus.connectors.sparkplug.schema import Fields, Payload
from isthmus.model.errors import ProtocolError
from isthmus.model.sample import Nanoseconds, Status

COMPRESSED: Final = "SPBV1.0_COMPRESSED"
LARGEST: Final = 16 << 20
MILLISECOND: Final = 1_000_000
LATEST_MS: Final = (1 << 62) // MILLISECOND  # the year 2116
# the property "Quality" (6.4.13); what is not listed there is OPC UA's or unknown: uncertain
QUALITY: Final = {
    192: Status.GOOD,
    0: Status.BAD,
    500: Status.UNCERTAIN_LAST_USABLE_VALUE,
}


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric to be encoded; a `value` of None is null. `time` is in ms since 1970."""

    name: str = ""
    value: float | str | bool | bytes | None = None
    datatype: DataType | None = None
    alias: int | None = None
    time: int | None = None
    is_historical: bool = False
    is_transient: bool = False
    quality: int | None = None
    members: Sequence[Metric] = field(default=())  # of a template instance
    template: str = ""
    is_definition: bool = False


def parse(data: bytes, *, most: int = LARGEST) -> Fields:
    """The payload that `data` holds; ProtocolError where it holds none.

    Compressed payloads, an older custom that clients still have, are opened up to `most` bytes.
    """
    payload = Payload()
    try:
        payload.ParseFromString(data)
        if payload.uuid != COMPRESSED:
            return payload
        inner = Payload()
        inner.ParseFromString(_inflated(payload.body, most))
    except (DecodeError, RecursionError, zlib.error) as error:
        raise ProtocolError(
            f"decoding a Sparkplug payload of {len(data)} bytes: {error}"
        ) from error
    if payload.HasField("seq"):
        inner.seq = payload.seq
    return inner


def _inflated(data: bytes, most: int) -> bytes:
    engine = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # the header of zlib or of gzip
    plain = engine.decompress(data, most)
    if not engine.eof:
        raise ProtocolError(
            f"decoding a compressed Sparkplug payload: cut short, or more than {most} bytes"
        )
    return plain


def encode(
    metrics: Sequence[Metric] = (), *, time: int | None = None, seq: int | None = None
) -> bytes:
    """A payload of `metrics` at `time` (ms since 1970); ValueError where a type is too small."""
    payload = Payload()
    if time is not None:
        payload.timestamp = time
    if seq is not None:
        payload.seq = seq
    for metric in metrics:
        _fill(payload.metrics.add(), metric)
    return bytes(payload.SerializeToString())


def _fill(made: Fields, metric: Metric) -> None:
    written = {
        "name": metric.name or None,
        "alias": metric.alias,
        "timestamp": metric.time,
        "datatype": metric.datatype,
        "is_historical": metric.is_historical or None,
        "is_transient": metric.is_transient or None,
    }
    for name, said in written.items():
        if said is not None:
            setattr(made, name, said)
    if metric.quality is not None:
        made.properties.keys.append("Quality")
        made.properties.values.add(type=int(DataType.INT32), int_value=metric.quality)
    if metric.members or metric.template or metric.is_definition:
        made.template_value.is_definition = metric.is_definition
        if metric.template:
            made.template_value.template_ref = metric.template
        for member in metric.members:
            _fill(made.template_value.metrics.add(), member)
    elif metric.value is None:
        made.is_null = True
    else:
        _fill_value(made, metric.value, metric.datatype or guessed(metric.value))


def _fill_value(made: Fields, value: float | str | bool | bytes, kind: DataType) -> None:  # noqa: FBT001
    name = FIELD[kind]
    if isinstance(value, str | bytes):
        setattr(made, name, value)
    else:
        setattr(made, name, raw(value, kind))


def guessed(value: float | str | bool | bytes) -> DataType:  # noqa: FBT001
    """The type in which `value` travels when none is given."""
    kinds: Mapping[type, DataType] = {
        bool: DataType.BOOLEAN,
        int: DataType.INT64,
        float: DataType.DOUBLE,
        str: DataType.STRING,
        bytes: DataType.BYTES,
    }
    return kinds[type(value)]


def quality_of(metric: Fields) -> int:
    """The StatusCode that the property `Quality` of `metric` gives; good where it has none."""
    if not metric.HasField("properties"):
        return Status.GOOD
    properties = metric.properties
    for name, value in zip(properties.keys, properties.values, strict=False):
        if name == "Quality":
            return QUALITY.get(value.int_value or value.long_value, Status.UNCERTAIN)
    return Status.GOOD


def nanoseconds(milliseconds: int) -> Nanoseconds | None:
    """ms since 1970 as ns; None where it is no time of this century or so."""
    if 0 < milliseconds < LATEST_MS:
        return Nanoseconds(milliseconds * MILLISECOND)
    return None
