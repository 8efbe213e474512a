"""Notifications and read results as columns, straight from the bytes of a message.

The layout of the last messages is remembered: a message laid out alike costs one gather a column.
Values of any other type are decoded one by one, by asyncua.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary

from isthmus.connectors.opcua.few import FEW, few
from isthmus.connectors.opcua.layout import Layout, column, uniform, walked
from isthmus.connectors.opcua.message import Span
from isthmus.connectors.opcua.setting import OpcUaAddress
from isthmus.connectors.opcua.unusual import Oversize, Unfit, unusual
from isthmus.connectors.opcua.wire import checked
from isthmus.model.errors import ProtocolError
from isthmus.model.event import Event
from isthmus.model.ports import Binding, Reading
from isthmus.model.sample import Batch, Bools, Clock, Floats, Int64s, Nanoseconds, Status, Uint32s
from isthmus.model.tag import Kind

BAD = 0x8000_0000
OVERFLOW = 0x0480
"""InfoType DataValue with the Overflow bit (OPC UA Part 4, 7.39.1): the server's queue ran over."""

# A DateTime counts 100 ns since 1601 (Part 6, 5.2.2.5); ours are ns since 1970 in an int64.
EPOCH = 116_444_736_000_000_000
LATEST = EPOCH + (2**63 - 1) // 100

REMEMBERED = 32
LEARN = 8
"""Of short messages with a new layout every so many is learned, should it come again."""

BAD_ENCODING_LIMITS_EXCEEDED = 0x8008_0000


@dataclass(slots=True)
class Tally:
    """What decoding met that people should know of."""

    fallback: int = 0
    dropped: int = 0
    mismatched: int = 0
    oversize: int = 0


class Decoder:
    """Bytes to batches, for the tags of one link; client handle i stands for binding i."""

    def __init__(self, bindings: Sequence[Binding[OpcUaAddress]], *, now: Clock) -> None:
        self.bindings = bindings
        self.now = now
        self.tally = Tally()
        self._strange = -1
        self._notified: dict[int, Layout] = {}
        self._answered: dict[int, Layout] = {}
        self._tags = np.array([binding.id for binding in bindings], np.int32)
        self._texts = np.array([binding.tag.kind is Kind.TEXT for binding in bindings], np.bool_)
        self._any_text = bool(self._texts.any())

    @checked
    def notification(self, data: bytes, span: Span) -> Reading:
        """The MonitoredItemNotifications of `span`; ProtocolError where the bytes are damaged."""
        layout = self._layout(data, span, 4, self._notified)
        if layout is None:
            return self._few(data, span)
        handles = column(data, span.at, "<u4")[layout.heads].astype(np.int64)
        self._given(handles)
        return self._reading(data, span.at, layout, handles)

    @checked
    def answers(self, data: bytes, span: Span, first: int) -> Reading:
        """The DataValues of `span`, which are those of the bindings from `first` on."""
        if first + span.count > len(self._tags):
            raise ProtocolError(f"decoding a read response: {span.count} results are too many")
        layout = self._layout(data, span, 0, self._answered)
        assert layout is not None  # noqa: S101 - narrows the type: few only with handles
        return self._reading(
            data, span.at, layout, np.arange(first, first + span.count, dtype=np.int64)
        )

    def objects(self, values: Sequence[tuple[int, ua.DataValue]]) -> Reading:
        """Values by client handle that asyncua has decoded: for a version we cannot look into."""
        data = b"".join(
            handle.to_bytes(4, "little") + struct_to_binary(value) for handle, value in values
        )
        # An array of DiagnosticInfo follows values on the wire; here, an empty one.
        return self.notification(data + bytes(4), Span(0, len(values), len(data)))

    def _given(self, handles: Int64s) -> None:
        if len(handles) and handles.max() >= len(self._tags):
            raise ProtocolError(
                f"decoding a notification: client handle {handles.max()} was never given"
            )

    def _layout(
        self, data: bytes, span: Span, head: int, known: dict[int, Layout]
    ) -> Layout | None:
        """How the items of `span` lie; None where it is not worth to find out."""
        number = span.count
        layout = known.get(number)
        if layout is None or not layout.fits(data, span.at):
            layout = uniform(data, span.at, number, head) if number else None
            if layout is None:
                self._strange += 1
                if head and 0 < number <= FEW and self._strange % LEARN:
                    return None
                layout = walked(data, span.at, number, head)
            if not layout.odd:
                if len(known) >= REMEMBERED:
                    known.clear()
                known[number] = layout
        if span.at + layout.size > span.end:
            raise ProtocolError("decoding an OPC UA message: values reach beyond their structure")
        return layout

    def _few(self, data: bytes, span: Span) -> Reading:
        """A short message whose layout is new."""
        found = few(data, span.at, span.count)
        if found is None:
            layout = walked(data, span.at, span.count, 4)
            handles = column(data, span.at, "<u4")[layout.heads].astype(np.int64)
            self._given(handles)
            return self._reading(data, span.at, layout, handles)
        (handles, value, status, source, server), end = found
        if end > span.end:
            raise ProtocolError("decoding an OPC UA message: values reach beyond their structure")
        self._given(handles)
        filetime = server if source is None else source
        if source is not None and server is not None and (missing := _absurd(source)).any():
            source[missing] = server[missing]
        time = _nanoseconds(filetime, len(handles), self.now())
        quality = np.zeros(len(handles), np.uint32) if status is None else status
        if status is not None:
            self.tally.dropped += int(((quality & OVERFLOW) == OVERFLOW).sum())
        if self._any_text:
            self._mismatch(self._texts[handles], value, quality)
        return Reading(Batch(self._tags[handles], time, value, quality))

    def _reading(self, data: bytes, at: int, layout: Layout, handles: Int64s) -> Reading:
        number = len(handles)
        now = self.now()
        time = self._times(data, at, layout, number, now)
        quality = np.zeros(number, np.uint32)
        if layout.status is not None:
            rows, places = layout.status
            found = column(data, at, "<u4")[places]
            if rows is None:
                quality = found
            else:
                quality[rows] = found
            self.tally.dropped += int(((quality & OVERFLOW) == OVERFLOW).sum())
        value = self._values(data, at, layout, number)
        if self._any_text:
            wrong = self._texts[handles]
            wrong[layout.nulls] = False
            for item in layout.odd:
                wrong[item.row] = False
            self._mismatch(wrong, value, quality)
        if len(layout.nulls):
            self._absent(layout.nulls, quality)
        batch = Batch(self._tags[handles], time, value, quality)
        return self._odd(data, layout, handles, batch) if layout.odd else Reading(batch)

    def _values(self, data: bytes, at: int, layout: Layout, number: int) -> Floats:
        value = np.full(number, np.nan) if layout.nan else np.empty(number)
        with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN
            for dtype, rows, places in layout.values:
                found = column(data, at, dtype)[places]
                if dtype.kind == "b":
                    found = found.view(np.uint8) != 0
                if rows is None:
                    value = found.astype(np.float64, copy=False)
                else:
                    value[rows] = found
        return value

    def _times(self, data: bytes, at: int, layout: Layout, number: int, now: Nanoseconds) -> Int64s:
        """The SourceTimestamp, else the ServerTimestamp, else now; the same for absurd ones."""
        ticks = column(data, at, "<i8")
        filetime: Int64s | None = None
        for stamps in (layout.source, layout.server):
            if stamps is None:
                continue
            rows, places = stamps
            found = ticks[places]
            if filetime is None and rows is None:
                filetime = found
            else:
                filetime = np.zeros(number, np.int64) if filetime is None else filetime
                rows = np.arange(number) if rows is None else rows
                missing = _absurd(filetime[rows])
                filetime[rows[missing]] = found[missing]
            if number and filetime.min() >= EPOCH and filetime.max() <= LATEST:
                break
        return _nanoseconds(filetime, number, now)

    def _mismatch(self, wrong: Bools, value: Floats, quality: Uint32s) -> None:
        """Numbers that came for tags of text: no value, and a quality that says why."""
        if wrong.any():
            value[wrong] = np.nan
            self.tally.mismatched += int(wrong.sum())
            quality[wrong & (quality < BAD)] = Status.BAD_TYPE_MISMATCH

    def _absent(self, nulls: Int64s, quality: Uint32s) -> None:
        """Values that are null though their status is not bad: there is none yet."""
        quality[nulls[quality[nulls] < BAD]] = Status.BAD_WAITING_FOR_INITIAL_DATA

    def _odd(self, data: bytes, layout: Layout, handles: Int64s, batch: Batch) -> Reading:
        """`batch` with the items of other types put in; texts leave it and become events."""
        keep = np.ones(len(batch), np.bool_)
        events: list[Event] = []
        for item in layout.odd:
            binding = self.bindings[int(handles[item.row])]
            self.tally.fallback += 1
            code = int(batch.quality[item.row])
            if code >= BAD:
                continue
            try:
                found = unusual(data, item.start, item.end, binding.address.index)
            except Oversize:
                self.tally.oversize += 1
                batch.quality[item.row] = BAD_ENCODING_LIMITS_EXCEEDED
                continue
            except Unfit as error:
                batch.quality[item.row] = error.status
                continue
            is_text = binding.tag.kind is Kind.TEXT
            if isinstance(found, str) is not is_text:
                self.tally.mismatched += 1
                batch.quality[item.row] = Status.BAD_TYPE_MISMATCH
            elif isinstance(found, str):
                keep[item.row] = False
                time = Nanoseconds(int(batch.time[item.row]))
                events.append(Event(time, binding.tag.path, "text", found, data={"quality": code}))
            else:
                batch.value[item.row] = found
        return Reading(batch if keep.all() else batch.where(keep), tuple(events))


def _absurd(filetime: Int64s) -> Bools:
    """Which times are null, before 1970, or too late for nanoseconds in 64 bits (2262)."""
    return (filetime < EPOCH) | (filetime > LATEST)


def _nanoseconds(filetime: Int64s | None, number: int, now: Nanoseconds) -> Int64s:
    """ns since 1970; `now` for absent and absurd times."""
    if filetime is None or not number:
        return np.full(number, now, np.int64)
    if filetime.min() >= EPOCH and filetime.max() <= LATEST:
        return (filetime - EPOCH) * 100
    absurd = _absurd(filetime)
    filetime[absurd] = EPOCH
    time = (filetime - EPOCH) * 100
    time[absurd] = now
    return time
