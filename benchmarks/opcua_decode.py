"""OPC UA notifications to columns, values per processor second, against asyncua's own decoder.

The bytes are those of PublishResponses that asyncua encoded; values and times differ from message
to message. `double` and `mixed` (five types) carry every tag in each message; in `subset` a random
half of the mixed tags changes, so that no two messages are laid out alike. Ours is the whole way
from the bytes of the answer to a Batch with tag ids, times in ns, float64 and status; asyncua's is
the way to its objects.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary

from benchmarks.report import Report, arguments, cpu_rate, interleaved, middle
from isthmus.connectors.opcua import OpcUaAddress
from isthmus.connectors.opcua.decode import Decoder
from isthmus.connectors.opcua.message import publication
from isthmus.model.ports import Binding, Reading
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Tag

KINDS = ("Double", "Int32", "Boolean", "Float", "UInt16")
START = datetime(2026, 1, 1, tzinfo=UTC)


def value(kind: str, number: int) -> float | int | bool:
    match kind:
        case "Boolean":
            return number % 2 == 0
        case "Int32":
            return number - 1_000
        case "UInt16":
            return number % 65_536
        case _:
            return number * 0.125


def message(tags: int, mix: str, round_: int, chance: random.Random) -> tuple[bytes, int]:
    """One PublishResponse of `tags` bound tags, and how many values it carries."""
    handles: list[int] = list(range(tags))
    if mix == "subset":
        handles = sorted(chance.sample(handles, max(tags // 2, 1)))
    now = START + timedelta(milliseconds=250 * round_)
    items = []
    for handle in handles:
        kind = "Double" if mix == "double" else KINDS[handle % len(KINDS)]
        found = ua.Variant(value(kind, handle + 7 * round_), ua.VariantType[kind])
        at = now + timedelta(microseconds=chance.randrange(250_000))
        given = ua.DataValue(found, SourceTimestamp=at, ServerTimestamp=now)
        items.append(ua.MonitoredItemNotification(handle, given))
    response = ua.PublishResponse()
    response.Parameters.SubscriptionId = 1
    note = response.Parameters.NotificationMessage
    note.SequenceNumber, note.PublishTime = round_ + 1, now
    note.NotificationData = [ua.DataChangeNotification(items)]
    return bytes(struct_to_binary(response)), len(items)


def turns(work: Callable[[bytes], object], messages: list[bytes]) -> Callable[[], object]:
    """A call that does `work` on the next message, and begins again after the last."""
    following: Iterator[bytes] = itertools.cycle(messages)
    return lambda: work(next(following))


def ours(tags: int) -> Callable[[bytes], list[Reading]]:
    bindings = [
        Binding(TagId(3 * place), Tag(f"line/{place}"), OpcUaAddress(node=f"ns=2;i={place}"))
        for place in range(tags)
    ]
    decoder = Decoder(bindings, now=lambda: Nanoseconds(0))

    def decode(data: bytes) -> list[Reading]:
        _, found = publication(data)
        assert found is not None
        return [decoder.notification(data, span) for span in found.values]

    return decode


def theirs(data: bytes) -> Any:  # noqa: ANN401 - asyncua is not typed throughout
    return struct_from_binary(ua.PublishResponse, Buffer(data))


def agree(decode: Callable[[bytes], list[Reading]], data: bytes) -> None:
    """Both ways must give the same numbers, or the comparison means nothing."""
    (batch,) = (reading.batch for reading in decode(data))
    (part,) = theirs(data).Parameters.NotificationMessage.NotificationData
    assert batch.value.tolist() == [float(i.Value.Value.Value) for i in part.MonitoredItems]
    assert batch.tag.tolist() == [3 * item.ClientHandle for item in part.MonitoredItems]


def rates(tags: int, mix: str, chance: random.Random, *, quick: bool) -> tuple[float, float]:
    """Values per processor second: ours, asyncua's."""
    made = [message(tags, mix, number, chance) for number in range(4 if tags > 1_000 else 16)]
    messages, size = [data for data, _ in made], made[0][1]
    decode = ours(tags)
    for data in messages[:2]:
        agree(decode, data)
    us, them = turns(decode, messages), turns(theirs, messages)
    seconds = 0.1 if quick else 0.5

    def measure(work: Callable[[], object]) -> Callable[[], float]:
        return lambda: cpu_rate(work, size, seconds=seconds)

    found = interleaved(
        {"isthmus": measure(us), "asyncua": measure(them)}, rounds=3 if quick else 5
    )
    return middle(found["isthmus"]), middle(found["asyncua"])


def main() -> None:
    options = arguments(__doc__ or "")
    report = Report("opcua_decode", packages=("asyncua",))
    chance = random.Random(1)
    for mix, tags in itertools.product(("double", "mixed", "subset"), (100, 1_000, 10_000)):
        mine, stock = rates(tags, mix, chance, quick=options.quick)
        report.add(f"{mix}_{tags}_values_per_cpu_s", round(mine))
        report.add(f"{mix}_{tags}_ratio_to_asyncua", round(mine / stock, 1))
        report.peer("asyncua", f"{mix}_{tags}_values_per_cpu_s", round(stock))
        if (mix, tags) == ("mixed", 1_000):
            report.add("values_per_cpu_s", round(mine))
            report.add("ratio_to_asyncua", round(mine / stock, 1))
            report.peer("asyncua", "values_per_cpu_s", round(stock))
    report.note("values_per_cpu_s is that of `mixed` with 1,000 values a message")
    report.note("a size is the number of tags; `subset` messages carry half of them")
    report.show(options)


if __name__ == "__main__":
    main()
