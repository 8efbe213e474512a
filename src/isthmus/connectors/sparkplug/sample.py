"""The metrics of a message as samples of the tags that they feed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import isfinite
from typing import Final

from isthmus.connectors.mqtt.columns import Columns
from isthmus.connectors.mqtt.value import number_of
from isthmus.connectors.sparkplug.codec import LATEST_MS, MILLISECOND, nanoseconds, quality_of
from isthmus.connectors.sparkplug.datatype import integer, number, text
from isthmus.connectors.sparkplug.node import Device, Known
from isthmus.connectors.sparkplug.schema import Fields
from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds, Status
from isthmus.model.tag import Kind

AHEAD: Final = 86_400_000_000_000  # ns; a later sample says nothing about the present
LONGEST_TEXT: Final = 65_536  # characters of a text value; more is cut


def add_samples(
    columns: Columns,
    born: tuple[Device, Mapping[int, Known]],
    payload: Fields,
    *,
    now: int,
    floor: int,
) -> Counter[str]:
    """Add what `payload` says of a device, whose names and aliases are `born`.

    A metric without a time has the payload's; without both, `now`, and is uncertain. The answer
    counts `unknown_metrics`, that were never born, and `bad_time`.
    """
    device, by_alias = born
    by_name, said = device.metrics, payload.timestamp
    newest, limit = device.newest // MILLISECOND, (now + AHEAD) // MILLISECOND
    counted: Counter[str] = Counter()
    for metric in payload.metrics:
        name = metric.name
        known = by_name.get(name) if name else by_alias.get(metric.alias)
        time = metric.timestamp or said
        if known is not None and known.only >= 0:
            if newest < time <= limit:
                newest = time
            if _add_number(columns, known, metric, time, floor):
                continue
        _add_other(columns, born, metric, said, now=now, floor=floor, counted=counted)
    device.newest = max(device.newest, newest * MILLISECOND)
    return counted


def _add_other(
    columns: Columns,
    born: tuple[Device, Mapping[int, Known]],
    metric: Fields,
    said: int,
    *,
    now: int,
    floor: int,
    counted: Counter[str],
) -> None:
    """Add what a metric says that is no plain number, and the members of a template instance."""
    waiting: list[tuple[str, Fields]] = [("", metric)]
    for prefix, one in waiting:  # grows by the members
        known = born[0].metrics.get(prefix + one.name) if one.name else born[1].get(one.alias)
        if known is None:
            counted["unknown_metrics"] += 1
            continue
        if one.HasField("template_value") and not one.template_value.is_definition:
            waiting.extend((f"{known.name}/", member) for member in one.template_value.metrics)
        if not known.targets:
            continue
        time = nanoseconds(one.timestamp or said)
        if time is None:
            counted["bad_time"] += 1
            _add(columns, known, one, Nanoseconds(now), max(floor, Status.UNCERTAIN))
        else:
            _add(columns, known, one, time, floor)


def _add_number(columns: Columns, known: Known, metric: Fields, time: int, floor: int) -> bool:
    """Add the sample of a plain number at `time` (ms); False where it is anything else."""
    field = known.field
    if (
        not field
        or metric.WhichOneof("value") != field
        or metric.is_null
        or not 0 < time < LATEST_MS
        or metric.HasField("properties")
    ):
        return False
    value = getattr(metric, field)
    if field in ("int_value", "long_value"):
        value = integer(value, known.datatype, field)
    if not isfinite(value):
        return False
    columns.tag.append(known.only)
    columns.time.append(time * MILLISECOND)
    columns.value.append(value)
    columns.quality.append(floor)
    return True


def _add(
    columns: Columns,
    known: Known,
    metric: Fields,
    time: Nanoseconds,
    floor: int,
) -> None:
    quality = max(quality_of(metric), floor)
    value, status = number(metric, known.datatype)
    for target in known.targets:
        if target.tag.kind is Kind.TEXT:
            said = _text(metric, known.datatype)
            if said is not None:
                columns.events.append(Event(time, target.tag.path, "text", said))
        elif status == Status.BAD_TYPE_MISMATCH and metric.HasField("string_value"):
            worded, fit = number_of(metric.string_value, target.tag, target.words)
            columns.add(target.id, time, worded, max(fit, quality))
        else:
            columns.add(target.id, time, value, max(status, quality))


def _text(metric: Fields, kind: int) -> str | None:
    try:
        said = text(metric, kind)
    except (ValueError, OverflowError):
        return None
    return None if said is None else said[:LONGEST_TEXT]
