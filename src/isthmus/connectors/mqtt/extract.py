"""From messages to samples: each payload is decoded once, for all tags that it feeds."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from isthmus.connectors.mqtt.address import MqttAddress
from isthmus.connectors.mqtt.columns import Columns
from isthmus.connectors.mqtt.inbox import Message
from isthmus.connectors.mqtt.path import MISSING, JsonPath
from isthmus.connectors.mqtt.topic import Routes
from isthmus.connectors.mqtt.value import number_of, quality_of, time_reader, words_of
from isthmus.model.event import Event
from isthmus.model.ports import Binding, Reading
from isthmus.model.sample import Nanoseconds, Status, TagId
from isthmus.model.tag import Kind, Tag

LONGEST_TEXT: Final = 65_536  # characters of a text value; more is cut
UNREADABLE: Final = object()


@dataclass(frozen=True, slots=True)
class Extract:
    """How one tag is read out of a decoded payload."""

    id: TagId
    tag: Tag
    value: JsonPath
    time: JsonPath | None
    read_time: Callable[[object], Nanoseconds | None]
    quality: JsonPath | None
    codes: str
    words: Mapping[str, float]
    rule: int  # the same number for all that find time and quality in the same places

    @classmethod
    def of(cls, binding: Binding[MqttAddress], rule: int) -> Extract:
        """What the address of `binding` asks for."""
        address = binding.address
        return cls(
            id=binding.id,
            tag=binding.tag,
            value=JsonPath.parse(address.value),
            time=JsonPath.parse(address.time) if address.time else None,
            read_time=time_reader(address.time_format),
            quality=JsonPath.parse(address.quality) if address.quality else None,
            codes=address.quality_codes,
            words=words_of(binding.tag),
            rule=rule,
        )


def decode(payload: bytes) -> object:
    """The JSON document of `payload`, or its text where it is none; `UNREADABLE` if not UTF-8."""
    try:
        return json.loads(payload)
    except RecursionError:
        return UNREADABLE
    except ValueError:  # not JSON, or not UTF-8, or an integer of thousands of digits
        try:
            return payload.decode("utf-8")
        except UnicodeDecodeError:
            return UNREADABLE


class Extractor:
    """Turns messages into readings for the bindings of one connection.

    A path that a message does not have gives no row: messages may tell a part. A payload that
    cannot be read, or a value of the wrong type, gives a row of bad quality and NaN.
    """

    def __init__(self, bindings: Sequence[Binding[MqttAddress]], *, largest: int) -> None:
        self._routes: Routes[Extract] = Routes()
        rules: dict[tuple[str, ...], int] = {}
        for binding in bindings:
            address = binding.address
            places = (address.time, address.time_format, address.quality, address.quality_codes)
            rule = rules.setdefault(places, len(rules))
            self._routes.add(address.topic, Extract.of(binding, rule))
        self._largest = largest
        self.counted: Counter[str] = Counter()

    def reading(self, messages: Sequence[Message]) -> Reading:
        """All that `messages` say about our tags, in their order."""
        columns = Columns()
        for message in messages:
            extracts = self._routes.find(message.topic)
            if not extracts:
                self.counted["unwanted"] += 1
                continue
            if len(message.payload) > self._largest:
                self.counted["oversized"] += 1
                document: object = UNREADABLE
            elif not message.payload:
                continue  # a retained message was cleared (MQTT-3.3.1-10): nothing is said
            else:
                document = decode(message.payload)
            stamps: dict[int, tuple[Nanoseconds, int]] = {}
            for extract in extracts:
                self._extract(extract, document, message, (columns, stamps))
        return columns.reading()

    def _extract(
        self,
        extract: Extract,
        document: object,
        message: Message,
        out: tuple[Columns, dict[int, tuple[Nanoseconds, int]]],
    ) -> None:
        columns, stamps = out
        whole = not extract.value.steps
        if document is UNREADABLE or (isinstance(document, str) and not whole):
            self.counted["unreadable"] += 1
            if (
                extract.tag.kind is not Kind.TEXT
            ):  # a text has no quality that could turn good again
                columns.add(extract.id, message.time, math.nan, Status.BAD_DECODING_ERROR)
            return
        value = extract.value.find(document)
        if value is MISSING:
            self.counted["missing"] += 1
            return
        stamp = stamps.get(extract.rule)
        if stamp is None:
            stamp = stamps[extract.rule] = self._stamp(extract, document, message)
        time, quality = stamp
        if extract.tag.kind is Kind.TEXT:
            columns.events.append(Event(time, extract.tag.path, "text", self._text(value)))
            return
        number, status = number_of(value, extract.tag, extract.words)
        if status >= Status.BAD:
            self.counted["bad_value"] += 1
        columns.add(extract.id, time, number, max(status, quality))

    def _stamp(
        self, extract: Extract, document: object, message: Message
    ) -> tuple[Nanoseconds, int]:
        """The sample's time, and the quality that its time, retention and sender leave it."""
        quality: int = Status.GOOD
        time: Nanoseconds | None = None
        if extract.time is not None:
            time = extract.read_time(extract.time.find(document))
            if time is None:
                self.counted["bad_time"] += 1
                quality = Status.UNCERTAIN
        if time is None and message.retained:
            quality = Status.UNCERTAIN_LAST_USABLE_VALUE  # nobody knows since when it is so
        if extract.quality is not None:
            said = quality_of(extract.quality.find(document), extract.codes)
            if said is None:
                self.counted["bad_quality"] += 1
                said = Status.UNCERTAIN
            quality = max(quality, said)
        return (message.time if time is None else time), quality

    def _text(self, value: object) -> str:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if len(text) > LONGEST_TEXT:
            self.counted["cut"] += 1
        return text[:LONGEST_TEXT]
