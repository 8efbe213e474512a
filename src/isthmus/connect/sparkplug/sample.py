"""The metrics of a message as samples of the tags that they feed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from isthmus.connect.mqtt.columns import Columns
from isthmus.connect.mqtt.value import number_of
from isthmus.connect.sparkplug.codec import nanoseconds, quality_of
from isthmus.connect.sparkplug.datatype import number, text
from isthmus.connect.sparkplug.node import Device, Known
from isthmus.connect.sparkplug.schema import Fields
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
    by_name, said, newest = device.metrics, payload.timestamp, device.newest
    counted: Counter[str] = Counter()
    waiting: list[tuple[str, Fields]] = [("", metric) for metric in payload.metrics]
    for prefix, metric in waiting:  # grows by the members of template instances
        name = metric.name
        known = by_name.get(prefix + name) if name else by_alias.get(metric.alias)
        if known is None:
            counted["unknown_metrics"] += 1
            continue
        if metric.HasField("template_value") and not metric.template_value.is_definition:
            waiting.extend((f"{known.name}/", one) for one in metric.template_value.metrics)
        if not known.targets:
            continue
        time = nanoseconds(metric.timestamp or said)
        if time is None:
            counted["bad_time"] += 1
            _add(columns, known, metric, Nanoseconds(now), max(floor, Status.UNCERTAIN))
            continue
        if newest < time <= now + AHEAD:
            newest = time
        _add(columns, known, metric, time, floor)
    device.newest = newest
    return counted


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
