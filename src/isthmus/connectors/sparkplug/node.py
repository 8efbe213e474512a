"""What a host knows of an edge node: its life, what its births said, and our tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from isthmus.connectors.sparkplug.datatype import FIELD, NUMERIC, DataType
from isthmus.connectors.sparkplug.schema import Fields
from isthmus.connectors.sparkplug.topic import Topic
from isthmus.model.sample import TagId
from isthmus.model.tag import Kind, Tag

SECOND: Final = 1_000_000_000
SEQUENCE: Final = 256
MOST_METRICS: Final = 200_000  # of one device
DEEPEST: Final = 8  # templates within templates


@dataclass(frozen=True, slots=True)
class Moment:
    """Now on two clocks: `time` is the plant's (ns UTC), `timer` only ever runs on (ns)."""

    time: int
    timer: int


@dataclass(frozen=True, slots=True)
class Target:
    """One of our tags that a metric feeds; `words` turns the tag's legend around."""

    id: TagId
    tag: Tag
    words: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Known:
    """A metric that was born: what later messages call by its name or alias."""

    name: str
    device: str
    datatype: int
    alias: int | None
    targets: tuple[Target, ...]
    # where it feeds one tag with a number: that tag's id, and the field of its values
    only: int = -1
    field: str = ""

    @classmethod
    def of(cls, metric: Fields, name: str, device: str, targets: tuple[Target, ...]) -> Known:
        """What the birth of `metric` makes known; `name` has the names of its templates too."""
        kind = metric.datatype
        plain = len(targets) == 1 and targets[0].tag.kind is not Kind.TEXT and kind in NUMERIC
        return cls(
            name=name,
            device=device,
            datatype=kind,
            alias=metric.alias if metric.HasField("alias") else None,
            targets=targets,
            only=targets[0].id if plain else -1,
            field=FIELD[DataType(kind)] if plain else "",
        )


@dataclass(slots=True)
class Device:
    """One device of an edge node, or (id "") the edge node's own metrics."""

    targets: Mapping[str, tuple[Target, ...]]
    born: bool = False
    metrics: dict[str, Known] = field(default_factory=dict)
    newest: int = 0  # ns; the latest sample heard of
    due: int | None = None  # ns; when a birth that should come counts as missing

    def all_targets(self) -> Iterator[Target]:
        """Every tag of ours that this device feeds."""
        for targets in self.targets.values():
            yield from targets


class Life(Enum):
    """What the host knows of an edge node."""

    UNKNOWN = auto()
    ONLINE = auto()
    UNSURE = auto()
    OFFLINE = auto()


@dataclass(slots=True)
class Node:
    """One edge node."""

    life: Life = Life.UNKNOWN
    devices: dict[str, Device] = field(default_factory=dict)
    aliases: dict[int, Known] = field(default_factory=dict)
    bd_seq: int | None = None
    expected: int | None = None
    held: dict[int, tuple[Topic, Fields]] = field(default_factory=dict)
    deadline: int | None = None  # ns; when the message that is missing counts as lost
    due: int | None = None  # ns; when a birth that was asked for counts as missing
    ask_at: int | None = None  # ns; when to ask without being prompted
    next_ask: int = 0  # ns; no rebirth request before
    pause: int = 1  # times the shortest pause
    heard: bool = False  # since the link was opened

    def targets(self) -> Iterator[Target]:
        """Every tag of ours that this node and its devices feed."""
        for device in self.devices.values():
            yield from device.all_targets()

    def times(self) -> Iterator[int]:
        """When something is due (ns of the timer)."""
        for time in (self.deadline, self.ask_at, self.due):
            if time is not None:
                yield time
        yield from (device.due for device in self.devices.values() if device.due is not None)

    def forget_aliases(self, device: Device) -> None:
        """Let go of the aliases that the last birth of `device` gave out."""
        for known in device.metrics.values():
            if known.alias is not None and self.aliases.get(known.alias) is known:
                del self.aliases[known.alias]


def metrics_of(
    payload: Fields, device: str, wanted: Mapping[str, tuple[Target, ...]]
) -> list[Known]:
    """The metrics that a birth's payload names, members of template instances included."""
    found: list[Known] = []
    waiting = [("", metric, 0) for metric in reversed(payload.metrics)]
    while waiting and len(found) < MOST_METRICS:
        prefix, metric, depth = waiting.pop()
        name = prefix + metric.name
        if not name:
            continue
        found.append(Known.of(metric, name, device, wanted.get(name, ())))
        if metric.datatype == DataType.TEMPLATE and depth < DEEPEST:
            template = metric.template_value
            if not template.is_definition:
                waiting.extend((f"{name}/", one, depth + 1) for one in reversed(template.metrics))
    return found


def after(seq: int) -> int:
    """The sequence number of the next message."""
    return (seq + 1) % SEQUENCE


def bd_seq(payload: Fields) -> int | None:
    """The number that a birth and the death it announces share, None where it has none."""
    for metric in payload.metrics:
        if metric.name == "bdSeq":
            field = metric.WhichOneof("value")
            if field in ("int_value", "long_value"):
                return int(getattr(metric, field))
    return None
